// Package nearest finds the name that a mistyped word most likely stands for,
// for error messages:
//
//	nearest.Name("requst_id", known) // "request_id"
//
// It knows nothing of what the names name.
package nearest

import "strings"

// Name is the one of names that is nearest to word, or "" when none is near: at
// most one edit in three characters, or else a name that begins with word. Case
// does not count. Of equally near names the first is taken.
func Name(word string, names []string) string {
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, name := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	if best == "" && len(word) >= shortestBeginning {
		return firstWithBeginning(word, names)
	}
	return best
}

// shortestBeginning is how many bytes of a name say enough of the rest.
const shortestBeginning = 3

func firstWithBeginning(word string, names []string) string {
	for _, name := range names {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(word)) {
			return name
		}
	}
	return ""
}

// distance counts the bytes to insert, delete, replace or swap with their
// neighbour that lead from a to b (optimal string alignment).
func distance(a, b string) int {
	above, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, replace)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], above[j-1]+1)
			}
		}
		above, last, row = last, row, above
	}
	return last[len(b)]
}

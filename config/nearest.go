package config

import "strings"

// nearest is the name that a mistyped word most likely stands for, or "" when
// none is near: at most one edit in three characters, or the beginning of a name.
// Of equally near names the first is taken.
func nearest(word string, names []string) string {
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, name := range names {
		if name == word {
			continue
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(name)); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	for _, name := range names {
		if best == "" && len(word) >= 3 && strings.HasPrefix(name, word) && name != word {
			best = name
		}
	}
	return best
}

// editDistance counts the characters to insert, delete, replace or swap with
// their neighbour that lead from a to b (optimal string alignment).
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

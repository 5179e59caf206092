package balance

// nearest returns the known name that is the fewest edits away from name, or ""
// when none is near enough to be what was meant.
func nearest(name string, known []string) string {
	best, fewest := "", 1+len(name)/3
	for _, k := range known {
		if d := edits(name, k); d <= fewest {
			best, fewest = k, d-1
		}
	}
	return best
}

// edits is the Levenshtein distance: single bytes inserted, deleted or replaced.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// figure is one line of the table: the subject and one other, measured in pairs.
type figure struct {
	row, quantity, peer string
	// ours and theirs are one value a pair, in the same order.
	ours, theirs []float64
	// goal is how the median is meant to be: "<= 1.00" for ratios, with a unit
	// for plain values; "" when the line is for information.
	goal goal
}

// goal is a bound on a figure: on the median ratio, or on our own median value.
// The zero goal asks for nothing.
type goal struct {
	atMost, atLeast float64
	ownValue        bool // the bound is on our value, not on the ratio
}

func atMost(ratio float64) goal  { return goal{atMost: ratio} }
func atLeast(ratio float64) goal { return goal{atLeast: ratio} }

// goalKB bounds our own value.
func goalKB(kb float64) goal { return goal{atMost: kb, ownValue: true} }

func (g goal) String() string {
	switch {
	case g.atLeast > 0:
		return fmt.Sprintf(">= %.2f", g.atLeast)
	case g.atMost > 0 && g.ownValue:
		return fmt.Sprintf("ours <= %s", short(g.atMost))
	case g.atMost > 0:
		return fmt.Sprintf("<= %.2f", g.atMost)
	}
	return ""
}

// met says "yes" or "no", or nothing when there is no goal.
func (g goal) met(f figure) string {
	value := median(f.ratios())
	if g.ownValue {
		value = median(f.ours)
	}
	switch {
	case g == goal{}:
		return ""
	case g.atMost > 0 && value > g.atMost, value < g.atLeast:
		return "no"
	}
	return "yes"
}

// ratios are ours over theirs, pair by pair.
func (f figure) ratios() []float64 {
	r := make([]float64, min(len(f.ours), len(f.theirs)))
	for i := range r {
		r[i] = f.ours[i] / f.theirs[i]
	}
	return r
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// medianRange is where the median of what the values are drawn from lies with a
// likelihood of 95% or a little more, whatever its distribution: the ranks 1.96
// standard deviations of a fair coin's count from the middle. Under six values it
// is all of them, and the likelihood less.
func medianRange(values []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	out := max(0, int((float64(n)-1.96*math.Sqrt(float64(n)))/2)-1)
	return sorted[out], sorted[n-1-out]
}

// renderTable is the figures as a Markdown table that is also read in a terminal.
func renderTable(figures []figure) string {
	lines := [][]string{{"row", "what", "beside", "ours", "theirs", "ratio min", "median", "max", "goal", "met"}}
	for _, f := range figures {
		r := f.ratios()
		lines = append(lines, []string{
			f.row, f.quantity, f.peer, short(median(f.ours)), short(median(f.theirs)),
			fmt.Sprintf("%.2f", slices.Min(r)), fmt.Sprintf("%.2f", median(r)), fmt.Sprintf("%.2f", slices.Max(r)),
			f.goal.String(), f.goal.met(f),
		})
	}
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for i, line := range lines {
		for j, cell := range line {
			fmt.Fprintf(&out, "| %-*s ", widths[j], cell)
		}
		out.WriteString("|\n")
		if i == 0 {
			for _, width := range widths {
				out.WriteString("|" + strings.Repeat("-", width+2))
			}
			out.WriteString("|\n")
		}
	}
	return out.String()
}

// renderNotes is what stands below the table: nothing, or a list.
func renderNotes(notes []string) string {
	if len(notes) == 0 {
		return ""
	}
	return "\n- " + strings.Join(notes, "\n- ") + "\n"
}

// short writes a value with three digits or so.
func short(value float64) string {
	switch {
	case value >= 100:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.2f", value)
}

package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"pingap-go/balance"
)

// needlesslyMoved is the share of keys that change their host when one of n
// leaves, beyond those that have to because they were on it: the mean over
// several leaving hosts.
func needlesslyMoved(n int) (float64, error) {
	const keys, tries = 20_000, 5
	all := hosts(n)
	before, err := hashed(all, keys)
	if err != nil {
		return 0, err
	}
	moved := 0
	for try := range tries {
		gone := try * n / tries
		after, err := hashed(slices.Delete(slices.Clone(all), gone, gone+1), keys)
		if err != nil {
			return 0, err
		}
		for key := range keys {
			if before[key] != all[gone].ID && before[key] != after[key] {
				moved++
			}
		}
	}
	return float64(moved) / (keys * tries), nil
}

// hashed returns the host of each key.
func hashed(candidates []balance.Candidate, keys int) ([]string, error) {
	policy, err := balance.New("hash:path", balance.Settings{})
	if err != nil {
		return nil, err
	}
	picker := policy.Picker(candidates)
	owner := make([]string, keys)
	for key := range owner {
		owner[key] = candidates[picker.Pick(&balance.Ask{Key: fmt.Sprint("/item/", key)})].ID
	}
	return owner, nil
}

// fullest is the highest load that any of n hosts ever has, in units of the mean,
// while 100 requests a host are under way: one ends, another begins, and few keys
// make most of them (Zipf).
func fullest(n int, bound float64) (float64, error) {
	inFlight := new(atomic.Int64)
	policy, err := balance.New("hash:path", balance.Settings{Bound: bound, InFlight: inFlight})
	if err != nil {
		return 0, err
	}
	candidates := hosts(n)
	picker := policy.Picker(candidates)
	random := rand.New(rand.NewPCG(1, 0))
	zipf := rand.NewZipf(random, 1.1, 1, 1_000_000)
	underWay := make([]int, 0, 100*n)
	most := int64(0)
	for range 100_000 {
		if len(underWay) == cap(underWay) {
			ends := random.IntN(len(underWay))
			candidates[underWay[ends]].Load.InFlight.Add(-1)
			inFlight.Add(-1)
			underWay = slices.Delete(underWay, ends, ends+1)
		}
		host := picker.Pick(&balance.Ask{Key: fmt.Sprint("/item/", zipf.Uint64())})
		most = max(most, candidates[host].Load.InFlight.Add(1))
		inFlight.Add(1)
		underWay = append(underWay, host)
	}
	return float64(most) / 100, nil
}

func reportMoved(w io.Writer) error {
	fmt.Fprintln(w, "| hosts | keys that must move when one leaves | keys that move besides |")
	fmt.Fprintln(w, "|---|---|---|")
	for _, n := range []int{3, 10, 100, 1000, 5000} {
		moved, err := needlesslyMoved(n)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "| %d | %.2f%% | %.2f%% |\n", n, 100/float64(n), 100*moved)
	}
	return nil
}

func reportFullest(w io.Writer) error {
	fmt.Fprintln(w, "| hosts | bound | fullest host / mean |")
	fmt.Fprintln(w, "|---|---|---|")
	for _, n := range []int{10, 100} {
		for _, bound := range []float64{0, balance.DefaultBound} {
			load, err := fullest(n, bound)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "| %d | %v | %.2f |\n", n, bound, load)
		}
	}
	return nil
}

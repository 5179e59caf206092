package balance

import (
	"errors"
	"math"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// hashing sends equal keys to the same host as long as the membership stays, on
// every sidecar alike. When the key's host had its try, or has its bound of the
// requests under way, the key goes to a second host, a third and so on, which are
// the same every time as well.
//
// Source: maglev for the table; V. Mirrokni, M. Thorup, M. Zadimoghaddam,
// "Consistent hashing with bounded loads", SODA 2018, for the bound: ceil(bound *
// requests / hosts), this request included, each host by its weight.
//
// The bound leaves alone who has fewer than affinityFloor requests under way. By
// the formula alone, a quiet pool would send two requests of one browser to two
// hosts.
type hashing struct {
	choices  []choice
	table    maglev
	shares   []float64 // bound * weight / all weights; nil: no bound
	inFlight *atomic.Int64
}

// affinityFloor is how many requests a host may always have under way. A browser
// makes six at a time.
const affinityFloor = 8

// maxProbes is how many hosts a key asks in its own order before it looks at all
// of them. With a bound of 1.25 four in five hosts can be full at most, so that
// happens once in a thousand picks under the worst of loads.
const maxProbes = 32

func hashBuilder(s Settings) (builder, error) {
	if s.Bound != 0 && (math.IsNaN(s.Bound) || s.Bound < 1) {
		return nil, errors.New("hash balance must be 0 for no bound, or 1 or more")
	}
	if s.Bound != 0 && s.InFlight == nil {
		return nil, errors.New("hash balance needs the pool's count of requests in flight")
	}
	return func(candidates []Candidate) Picker {
		p := &hashing{choices: choicesOf(candidates), table: newMaglev(candidates), inFlight: s.InFlight}
		if s.Bound != 0 {
			p.shares = boundedShares(candidates, s.Bound)
		}
		return p
	}, nil
}

func boundedShares(candidates []Candidate, bound float64) []float64 {
	all := meanWeight(candidates) * float64(len(candidates))
	shares := make([]float64, len(candidates))
	for i := range shares {
		shares[i] = bound * candidates[i].Weight / all
	}
	return shares
}

func (p *hashing) Pick(ask *Ask) int {
	hash := ask.Random
	if ask.Key != "" {
		hash = xxhash.Sum64String(ask.Key)
	}
	if p.shares != nil {
		return p.bounded(hash, ask)
	}
	return p.unbounded(hash, ask)
}

func (p *hashing) unbounded(hash uint64, ask *Ask) int {
	i := p.table.at(hash)
	for range ask.ntried {
		if !ask.Tried(p.choices[i].load) {
			return i
		}
		hash = mix(hash)
		i = p.table.at(hash)
	}
	return untried(p.choices, i, ask)
}

// bounded asks the key's hosts in their order for one below its bound.
func (p *hashing) bounded(hash uint64, ask *Ask) int {
	requests := float64(p.inFlight.Load() + 1)
	i := p.table.at(hash)
	for range maxProbes {
		if p.fullness(i, requests, ask) < 1 {
			return i
		}
		hash = mix(hash)
		i = p.table.at(hash)
	}
	return p.emptiest(i, requests, ask)
}

// emptiest returns the first choice from i on that is below its bound, and if
// none is, the one least above.
func (p *hashing) emptiest(i int, requests float64, ask *Ask) int {
	best, least := i, math.Inf(1)
	for range p.choices {
		f := p.fullness(i, requests, ask)
		if f < 1 {
			return i
		}
		if f < least {
			best, least = i, f
		}
		if i++; i == len(p.choices) {
			i = 0
		}
	}
	return best
}

// fullness is the requests under way as a share of those allowed: below 1 there
// is room for another. A choice that had its try has none at all.
func (p *hashing) fullness(i int, requests float64, ask *Ask) float64 {
	load := p.choices[i].load
	if ask.ntried > 0 && ask.Tried(load) {
		return math.Inf(1)
	}
	allowed := max(affinityFloor, math.Ceil(requests*p.shares[i]))
	return float64(load.InFlight.Load()) / allowed
}

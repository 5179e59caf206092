package balance

import (
	"math"
	"sync/atomic"
)

// rotation is an endless order of turns in which every candidate comes up in
// proportion to its weight, evenly spread. It takes one atomic addition a turn,
// O(n) to build, and holds no state of its own: the turn counter is the
// policy's, so that a new rotation goes on where the old one was.
//
// Turns go round in laps. A candidate of mean weight has one seat in the lap; a
// heavier one has several, spread over the lap; a lighter one has a seat that it
// uses in some laps only. A seat's share (0 to 1] says in how many of the laps it
// is used, and because share*lap advances by the same step every lap, the laps in
// which it is used are spread as evenly as can be. Half of the seats at least are
// used, so a turn costs two steps at most on average.
//
// Source: the laps are those of grpc-go's static stride scheduler
// (balancer/weightedroundrobin/scheduler.go), which rejects in proportion to the
// largest weight; seats of mean weight bound the rejections whatever the weights.
type rotation struct {
	seats []seat
	turn  *atomic.Uint64
}

// seat is one place in the lap. Shares and phases are fractions of 2^32.
type seat struct {
	candidate int
	share     uint32 // always: used in every lap
	phase     uint32
}

const (
	always = math.MaxUint32
	// golden and silver are the fractions of the golden ratio and of the square
	// root of two. The multiples of each are spread evenly over the numbers below
	// 2^32, and the two independently of each other.
	golden = 0x9E3779B9
	silver = 0x6A09E667
)

func newRotation(candidates []Candidate, turn *atomic.Uint64) *rotation {
	if equalWeights(candidates) {
		return &rotation{seats: plainSeats(len(candidates)), turn: turn}
	}
	return &rotation{seats: weightedSeats(candidates), turn: turn}
}

// next takes a turn and returns whose it is.
func (r *rotation) next() int {
	lapLength := uint64(len(r.seats))
	for {
		turn := r.turn.Add(1) - 1
		lap := turn / lapLength
		s := &r.seats[turn-lap*lapLength]
		if s.share == always || s.phase+uint32(lap)*s.share < s.share {
			return s.candidate
		}
	}
}

// nextUntried takes turns until it meets a candidate that had no try yet. Others
// take turns meanwhile, so it gives up after a few and goes on in the list.
func (r *rotation) nextUntried(choices []choice, ask *Ask) int {
	i := r.next()
	for range ask.ntried {
		if !ask.Tried(choices[i].load) {
			return i
		}
		i = r.next()
	}
	return untried(choices, i, ask)
}

func plainSeats(n int) []seat {
	seats := make([]seat, n)
	for i := range seats {
		seats[i] = seat{candidate: i, share: always}
	}
	return seats
}

// placed is a seat and where it stands, as a fraction of the lap of 2^32.
type placed struct {
	seat
	at uint32
}

// weightedSeats places the seats, 2n at most, and puts them in their order. Both
// take O(n).
func weightedSeats(candidates []Candidate) []seat {
	mean := meanWeight(candidates)
	lap := make([]placed, 0, 2*len(candidates))
	for i := range candidates {
		perLap := candidates[i].Weight / mean
		count := math.Ceil(perLap)
		place, phase := float64(uint32(i)*golden)/(1<<32), uint32(i)*silver
		for k := range int(count) {
			lap = append(lap, placed{
				seat: seat{
					candidate: i,
					share:     fraction(perLap / count),
					phase:     phase + uint32(float64(k)/count*math.MaxUint32),
				},
				at: uint32((float64(k) + place) / count * (1 << 32)),
			})
		}
	}
	lap = inOrder(lap)
	seats := make([]seat, len(lap))
	for i := range lap {
		seats[i] = lap[i].seat
	}
	return seats
}

// inOrder sorts a lap by place, byte by byte from the lowest, each pass a stable
// counting sort: four passes whatever the number of seats.
//
// Source: least significant digit radix sort; Knuth, TAOCP 3, 5.2.5.
func inOrder(lap []placed) []placed {
	sorted := make([]placed, len(lap))
	for shift := 0; shift < 32; shift += 8 {
		var next [257]int
		for i := range lap {
			next[lap[i].at>>shift&0xff+1]++
		}
		for digit := range 256 {
			next[digit+1] += next[digit]
		}
		for i := range lap {
			digit := lap[i].at >> shift & 0xff
			sorted[next[digit]] = lap[i]
			next[digit]++
		}
		lap, sorted = sorted, lap
	}
	return lap
}

// fraction scales a share of (0, 1] to 2^32. The least share is not 0, so that
// every candidate has its turn some day.
func fraction(share float64) uint32 {
	if share >= 1 {
		return always
	}
	return max(1, uint32(share*(1<<32)))
}

package metrics

import "sync"

// shared keeps one value per key for as long as somebody holds it: a generation
// that takes over from another gets the same instruments, and the last one to
// let go ends the series. The zero value is empty and ready.
type shared[K comparable, V any] struct {
	mu   sync.Mutex
	held map[K]*holding[V]
}

type holding[V any] struct {
	value   V
	holders int
}

// acquire returns the value of key, made by create when nobody holds it yet.
func (s *shared[K, V]) acquire(key K, create func() V) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = make(map[K]*holding[V])
	}
	h := s.held[key]
	if h == nil {
		h = &holding[V]{value: create()}
		s.held[key] = h
	}
	h.holders++
	return h.value
}

// release lets go of key once; the last holder's call runs destroy, under the
// lock, so that nobody creates the same series again before the old are gone.
func (s *shared[K, V]) release(key K, destroy func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.held[key]
	if h == nil {
		return
	}
	if h.holders--; h.holders == 0 {
		delete(s.held, key)
		destroy()
	}
}

// all lists what is held now, in no order.
func (s *shared[K, V]) all() []V {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := make([]V, 0, len(s.held))
	for _, h := range s.held {
		values = append(values, h.value)
	}
	return values
}

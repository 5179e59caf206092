package upstream

import (
	"time"

	"pingap-go/health"
)

// complainEvery is the least time between two log lines about one host.
const complainEvery = 10 * time.Second

// Complain tells the log why a try was not answered: what the client is not told
// and no status shows, such as a certificate that was not believed. A host that
// goes on like that is heard of every ten seconds. Call it before Failed.
func (l *Lease) Complain(reason Reason, err error) {
	if reason.outcome() == health.ClientAborted {
		return
	}
	heard := &l.host.complained
	now, last := l.pool.now(), heard.Load()
	if last != 0 && now-last < int64(complainEvery) || !heard.CompareAndSwap(last, now) {
		return
	}
	l.pool.options.Log.Warn("endpoint does not answer", "upstream", l.pool.Name(), "address", l.Address(), "reason", reason, "err", err)
}

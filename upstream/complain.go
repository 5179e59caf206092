package upstream

import (
	"time"

	"pingap-go/health"
)

// complainEvery is the least time between two log lines about one host.
const complainEvery = 10 * time.Second

// complain tells the log why a try came to nothing: what the client is not told
// and no status shows, such as a certificate that was not believed. A host that
// goes on like that is heard of every ten seconds.
func (l *Lease) complain(said string, reason Reason, err error) {
	if reason.outcome() == health.ClientAborted {
		return
	}
	if !l.host.complained.Due(l.pool.now(), complainEvery) {
		return
	}
	l.task.Leave() // the log may not take it at once
	defer l.task.Return()
	l.pool.options.Log.Warn(said, "upstream", l.pool.Name(), "address", l.Address(), "reason", reason, "err", err)
}

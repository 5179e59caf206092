package tcp

import (
	"pingap-go/balance"
	"pingap-go/internal/mono"
	"pingap-go/message"
	"pingap-go/upstream"
)

// connect leases a host and connects to it. While that fails other hosts are tried,
// within the attempts and the budget that the upstream has for requests: nothing
// was sent yet.
func (t *Tunnel) connect() error {
	p := t.relay.Pool
	var ask balance.Ask
	p.Begin(&ask, mono.Now(), new(message.Request), t.ip)
	for try := 1; ; {
		var err error
		if t.lease, err = p.Lease(t.ctx, &ask); err != nil {
			return err
		}
		if t.up, err = t.lease.Dial(t.ctx, t.relay.ConnectTimeout, nil); err == nil {
			began := t.lease.Began()
			t.lease.Answered(codeDone, began, mono.Since(began))
			return nil
		}
		reason, free := upstream.DialReason(err)
		if t.ctx.Err() != nil {
			reason = upstream.ClientGone // or we are; it says nothing about the host
		}
		t.lease.Failed(reason, err)
		again, counts := t.again(&ask, reason, free, try < p.Retry().Attempts)
		if !again || !p.Backoff(t.ctx, reason, try, p.Untried(&ask)) {
			return err
		}
		p.Retried(reason)
		p.Renew(&ask) // the last try's time is not the next host's
		if counts {
			try++
		}
	}
}

// again reports whether another host may be tried after one that could not be
// reached, and whether that try counts as an attempt. As for requests, a host that
// has done nothing for us (free) costs no budget while there is one that had no
// try, and a refusal, which takes no time, is no attempt either.
func (t *Tunnel) again(ask *balance.Ask, reason upstream.Reason, free, more bool) (again, counts bool) {
	p := t.relay.Pool
	refused := reason == upstream.ConnectFailed
	switch {
	case !p.Retryable(reason, true):
		return false, false
	case free && p.Retry().Attempts > 1 && p.Untried(ask) && (more || refused):
		return true, !refused
	}
	return more && p.Withdraw(ask), true
}

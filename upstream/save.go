package upstream

import (
	"context"
	"time"

	"pingap-go/endpoint"
)

// savePause is the least time between two writes of a membership: a registry may
// change fifty times a second, and a disk may be slow.
const savePause = time.Second

// saveAgain is after what time a membership is saved that has not changed, so
// that its age says how long ago it was still true.
const saveAgain = time.Minute

// keep has the snapshot saved for the next start. Only the newest counts.
func (p *Pool) keep(s endpoint.Snapshot) {
	if p.options.Save == nil || len(s.Endpoints) == 0 {
		return
	}
	select {
	case <-p.unsaved:
	default:
	}
	p.unsaved <- s // there is room: nobody else sends
}

// save writes what keep was given, on a goroutine of its own, until ctx ends and
// the last is written.
func (p *Pool) save(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	failing := false
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			continue
		case s := <-p.unsaved:
			failing = p.saveOne(s, failing)
		}
		pause.Reset(savePause)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
	select {
	case s := <-p.unsaved:
		p.saveOne(s, failing)
	default:
	}
}

// saveOne says so once when saving begins to fail.
func (p *Pool) saveOne(s endpoint.Snapshot, failing bool) (failed bool) {
	err := p.options.Save(s)
	if err != nil && !failing {
		p.options.Log.Warn("membership was not saved", "upstream", p.options.Name, "err", err)
	}
	return err != nil
}

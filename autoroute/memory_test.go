package autoroute

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/endpoint"
)

func TestWhatIsKnownIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := follow(t, WatcherOptions{})
		c.list("web", "shop")
		c.says("web", "w1")
		c.wantSaved("web=1")
		c.says("shop", "s1")
		c.says("web", "w1", "w2")
		c.wantSaved("web=1") // the disk has a rest
		pass(between)
		c.wantSaved("web=1", "shop=1 web=2")
		c.says("web", "w1", "w2")
		pass(again - time.Minute)
		c.wantSaved("web=1", "shop=1 web=2") // nothing is new
		pass(time.Minute)
		c.wantSaved("web=1", "shop=1 web=2", "shop=1 web=2") // but known anew
		c.says("web")
		c.says("shop", "s1", "s2")
		stop()
		c.wantSaved("web=1", "shop=1 web=2", "shop=1 web=2", "shop=1", "shop=2") // the last is not lost
	})
}

func TestAnEmptyCatalogIsNotSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := follow(t, WatcherOptions{})
		c.list("web")
		c.says("web", "w1")
		c.list()
		c.want("")
		stop()
		c.wantSaved("web=1")
	})
}

func TestSavedRoutesWaitForTheCatalog(t *testing.T) {
	old := of("web", "w1")
	old.Saved = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	begin := WatcherOptions{Saved: map[string]endpoint.Snapshot{"web": old, "shop": of("shop", "s1"), "left-out": of("left-out", "l1")}, Services: []string{"web", "shop"}}
	for name, story := range map[string]func(c *catalog){
		"it fails": func(c *catalog) {
			c.fails(errors.New("away"))
			c.settle()
		},
		"it says nothing": func(c *catalog) { pass(restoreAfter); c.settle() },
		"it is slow to say who the members are": func(c *catalog) {
			c.list("web", "shop")
			c.want("")
			pass(restoreAfter)
			c.settle()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, stop := follow(t, begin)
				defer stop()
				c.want("")
				story(c)
				c.want("/shop /web")
				if c.watcher.Waiting() != "" {
					t.Errorf("waits for %s", c.watcher.Waiting())
				}
				if s := c.watcher.Restored("web"); s == nil || !s.Saved.Equal(old.Saved) {
					t.Errorf("restored is %+v", s)
				}
				c.list("web")
				c.want("/web")
				c.says("web", "w2")
				if c.watcher.Restored("web") != nil {
					t.Error("what the registry says is taken for saved")
				}
			})
		})
	}
}

// A start does not throw away what it has not asked for yet.
func TestAPartIsNotSavedForTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := follow(t, WatcherOptions{Saved: map[string]endpoint.Snapshot{"web": of("web", "w1"), "shop": of("shop", "s1", "s2")}})
		c.list("web", "shop")
		c.says("web", "w1")
		stop()
		c.wantSaved("shop=2 web=1", "shop=2 web=1") // at first, and when shop was restored
	})
}

func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := follow(t, WatcherOptions{Hold: time.Minute})
		defer stop()
		c.list("web", "shop")
		c.says("web", "w1")
		c.says("shop", "s1")
		c.list("shop") // the names come first
		c.says("web")
		c.want("/shop /web")
		c.wantFaults("no instance is left")
		pass(50 * time.Second)
		c.list("shop", "web")
		c.says("web", "w2")
		c.wantFaults()
		pass(time.Minute)
		c.want("/shop /web")
		c.says("web") // the members come first
		c.list("shop")
		pass(59 * time.Second)
		c.want("/shop /web")
		pass(2 * time.Second)
		c.want("/shop")
	})
}

// A tag that is taken away is meant: nothing is held.
func TestATagThatIsTakenAwayIsNotHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := follow(t, WatcherOptions{Hold: time.Minute})
		defer stop()
		c.list("web")
		c.says("web", "w1")
		c.names(map[string][]string{"consul": nil, "web": {"v2"}})
		c.settle()
		c.want("")
	})
}

package route

import "slices"

// Listed is one line of Table.All: the alternatives of a rule that stand at one
// place of the order.
type Listed[T any] struct {
	Name       string
	Hosts      []string // as configuration writes them; "*" is every host
	Path       string
	PathType   PathType
	Methods    []string // empty: all
	Conditions []string // "header X-Group:beta"
	Priority   int
	Origin     Origin
	Group      string // of an automatic rule; empty for a configured one
	Target     T
}

// All lists the routes in the order of matching. A rule whose hosts have
// different priorities is listed once for each of them. It sorts the whole
// table and is meant for people.
func (t *Table[T]) All() []Listed[T] {
	var entries []*entry[T]
	for _, group := range t.groups {
		entries = append(entries, group...)
	}
	slices.SortStableFunc(entries, compareEntries[T])
	list := make([]Listed[T], 0, len(entries))
	for i, e := range entries {
		host := e.host.String()
		if i > 0 && entries[i-1].rule == e.rule && entries[i-1].priority == e.priority {
			last := &list[len(list)-1]
			last.Hosts = append(last.Hosts, host)
			continue
		}
		list = append(list, e.listed(host))
	}
	return list
}

func (e *entry[T]) listed(host string) Listed[T] {
	l := Listed[T]{
		Name: e.rule.Name, Hosts: []string{host}, Path: e.rule.Path.Text, PathType: e.rule.Path.Type,
		Methods: e.rule.Methods, Priority: e.priority, Origin: e.origin, Group: e.group, Target: e.rule.Target,
	}
	for _, c := range e.rule.Conditions {
		l.Conditions = append(l.Conditions, c.String())
	}
	return l
}

// Len is the number of rules.
func (t *Table[T]) Len() int {
	n := 0
	for _, group := range t.groups {
		for i, e := range group {
			if i == 0 || group[i-1].rule != e.rule {
				n++
			}
		}
	}
	return n
}

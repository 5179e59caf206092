package main

import (
	"reflect"
	"strings"
	"unicode"
)

// plain makes all texts in v, which can be set, fit for a terminal. Registries and endpoints
// have worded some of them: what moves the cursor there, or begins another line, could
// show what is not so.
func plain(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(plainText(v.String()))
	case reflect.Slice:
		for i := range v.Len() {
			plain(v.Index(i))
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				plain(field)
			}
		}
	}
}

// plainText is text with a mark in the place of what cannot be seen.
func plainText(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

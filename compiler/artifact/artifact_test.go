package artifact

import "testing"

func TestSet(t *testing.T) {
	var s Set
	for _, p := range []string{"b/x", "a", "b/w"} {
		if err := s.Add(File{Path: p, Data: []byte(p)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"", ".", "..", "../x", "/x", "a/../b", "a//b", "b/", "a"} {
		if err := s.Add(File{Path: bad}); err == nil {
			t.Errorf("%q is taken as the path of a file", bad)
		}
	}
	got := ""
	for _, f := range s.Files() {
		got += f.Path + " "
	}
	if got != "a b/w b/x " || s.Size() != 7 {
		t.Errorf("files %q of %d bytes", got, s.Size())
	}
	if s.Get("b/w") == nil || s.Get("b") != nil {
		t.Error("Get finds what is not there, or not what is")
	}
}

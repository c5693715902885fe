package interpolate

import (
	"strings"
	"testing"
)

var dotEnvSeeds = []string{
	"A=1\n", "export A=1\n", "A: 1\n", "# c\n\nA = 1 # c\nB=\"x # y\" # c\n", "A='$B'\nC=$N\nD=\"$N $E\"\n", "A=\"one\ntwo\"\nB=3\n",
	"A=\"a\\nb\\t\\\\\\\"\\$A\\0101\"\n", "A\nZ\n", "A=\"x\" B=y\n", "exported=1\n", "A=1\r\nB='2'\r\n", "A=\n", "A=a=b\n", "A.b-c[0]=1\n", "é=ü\n",
	"A=${U:-d}\n", "A=\\$x\n", "A='it\\'s'\n", "A= # c\n", "A=\"\\0\\012\\0377\\q\"\n", "A={{x}}\n",
}

func TestDotEnv(t *testing.T) {
	pairs, ds := DotEnv(file(".env", `# settings
export HOST=example.com # the host
PORT: 80
URL=http://$HOST:${PORT}/
A
NOPE
QUOTED="one
  two\t$HOST \$HOST" # c
RAW='$HOST'
HOST=again`), env)
	if len(ds) > 0 {
		t.Error(messages(ds))
	}
	var b strings.Builder
	for _, p := range pairs {
		b.WriteString(p.At.String() + " " + p.Name + "=" + p.Value + "\n")
	}
	want := `.env:2:8 HOST=example.com
.env:3:1 PORT=80
.env:4:1 URL=http://example.com:80/
.env:5:1 A=a
.env:7:1 QUOTED=one
  two	example.com $HOST
.env:9:1 RAW=$HOST
.env:10:1 HOST=again
`
	if b.String() != want {
		t.Errorf("%s\nwant:\n%s", b.String(), want)
	}
}

func TestDotEnvFaults(t *testing.T) {
	_, ds := DotEnv(file(".env", "A=1\nB!=2\nC D=3\nE=x${}\nF=$U\n=4\nG=\"open\nH=5\n"), Map{})
	want := `.env:2:2: error: cannot read "!" in the name of a variable [syntax]
.env:3:1: error: cannot use a name with a space in it [syntax]
.env:4:4: error: cannot read "${}" as a variable: want a name after ${ [interpolation]
.env:5:3: warning: variable "U" is not set; a blank takes its place [unset]
.env:6:1: error: cannot read a value without a name [syntax]
.env:7:3: error: cannot find the end of this quoted value [syntax]
`
	if got := messages(ds); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

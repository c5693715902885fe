package doc

// JSON prints v as indented JSON that ends in a line break. Collections that ask for flow style stand on one line
// where they fit; comments are left out, as JSON has none. A Lit must be a JSON number.
func JSON(v *Value) []byte {
	p := printer{line: 1}
	p.json(v, 0)
	p.newline()
	return p.b
}

func (p *printer) json(v *Value, indent int) {
	switch v.Kind {
	case String:
		p.b = appendQuoted(p.b, v.Text)
	case List, Map:
		if !isCollection(v) {
			p.b = append(p.b, map[Kind]string{List: "[]", Map: "{}"}[v.Kind]...)
			return
		}
		if v.Flow {
			mark := len(p.b)
			p.jsonFlow(v)
			if len(p.b)-p.bol <= width {
				return
			}
			p.b = p.b[:mark]
		}
		p.jsonBlock(v, indent)
	default:
		p.flow(v, false)
	}
}

func (p *printer) jsonBlock(v *Value, indent int) {
	open, end := byte('{'), byte('}')
	if v.Kind == List {
		open, end = '[', ']'
	}
	p.b = append(p.b, open)
	for i := range max(len(v.Items), len(v.Fields)) {
		if i > 0 {
			p.b = append(p.b, ',')
		}
		p.newline()
		p.indent(indent + 2)
		if v.Kind == List {
			p.json(v.Items[i], indent+2)
			continue
		}
		p.b = appendQuoted(p.b, v.Fields[i].Key)
		p.b = append(p.b, ": "...)
		p.json(v.Fields[i].Value, indent+2)
	}
	p.newline()
	p.indent(indent)
	p.b = append(p.b, end)
}

func (p *printer) jsonFlow(v *Value) {
	switch v.Kind {
	case String:
		p.b = appendQuoted(p.b, v.Text)
	case List:
		p.b = append(p.b, '[')
		for i, it := range v.Items {
			if i > 0 {
				p.b = append(p.b, ", "...)
			}
			p.jsonFlow(it)
		}
		p.b = append(p.b, ']')
	case Map:
		p.b = append(p.b, '{')
		for i := range v.Fields {
			if i > 0 {
				p.b = append(p.b, ", "...)
			}
			p.b = appendQuoted(p.b, v.Fields[i].Key)
			p.b = append(p.b, ": "...)
			p.jsonFlow(v.Fields[i].Value)
		}
		p.b = append(p.b, '}')
	default:
		p.flow(v, false)
	}
}

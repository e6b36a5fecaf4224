package accesslog

import "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"

// VariableDoc documents a $context variable, or a family of them.
type VariableDoc struct {
	Name       string   // without "$context."; with <name> in it where the user names the rest
	Attributes []string // none: the value is a part of the record that is no attribute
	Type       string   // of the attributes, with the unit
	Asked      bool     // only comes out where the user asks for it
	Secret     bool     // never comes out
}

// AttributeOf is the attribute that a variable becomes, the first where there are several, and "" where it is none.
func AttributeOf(variable string) string {
	if v := lookUp(variable); len(v.targets) > 0 {
		return v.targets[0].attribute
	}
	return ""
}

// VariableDocs documents the variables of AWS's pages, those of one attribute by precedence, then the families, and at last what becomes of a variable
// that is neither.
func VariableDocs() []VariableDoc {
	docs := make([]VariableDoc, 0, len(documented)+len(families)+1)
	for i := range documented {
		docs = append(docs, documented[i].doc())
	}
	for _, f := range families {
		v := lookUp(f.prefix + "<name>")
		docs = append(docs, v.doc())
	}
	return append(docs, VariableDoc{Name: "<name>", Attributes: []string{attr.Prefix + "<name>"}, Type: asText.doc()})
}

func (v *variable) doc() VariableDoc {
	d := VariableDoc{Name: v.name, Asked: v.secrecy == asked, Secret: v.secrecy == secret}
	for _, t := range v.targets {
		d.Attributes = append(d.Attributes, t.attribute)
		d.Type = t.as.doc()
	}
	return d
}

// doc is the type of what a value becomes.
func (c conversion) doc() string {
	switch c {
	case asInt:
		return "int"
	case asSeconds:
		return "double, s"
	case asBool:
		return "bool"
	default:
		return "string"
	}
}

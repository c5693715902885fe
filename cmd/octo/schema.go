package main

import (
	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/doc"
)

const schemaLong = `Print the JSON Schema (draft-07) of the config, for editors. With the YAML language server:

  octo schema > octo.schema.json
  # yaml-language-server: $schema=octo.schema.json     as the first line of octo.yaml`

func (a *app) schemaCommand() *cobra.Command {
	output := choice{value: "json", allowed: []string{"json"}}
	cmd := &cobra.Command{
		Use:   "schema [flags]",
		Short: "Print the JSON Schema of the config",
		Long:  schemaLong,
		Args:  none("schema"),
		RunE: func(*cobra.Command, []string) error {
			s, err := compiler.Schema()
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(doc.JSON(s.JSONSchema("#Project")))
			return err
		},
	}
	cmd.Flags().VarP(&output, "output", "o", "`FORMAT`: json")
	return cmd
}

// none refuses arguments.
func none(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("", "%s: takes no arguments, and %q is one", command, args[0])
		}
		return nil
	}
}

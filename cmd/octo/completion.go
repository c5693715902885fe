package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/octocompose/octocompose/compiler"
	"github.com/octocompose/octocompose/compiler/diag"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

const completionLong = `Print a script that completes octo's commands, flags, targets, profiles and fields in a shell.

  bash         octo completion bash > /etc/bash_completion.d/octo
  zsh          octo completion zsh > "${fpath[1]}/_octo"
  fish         octo completion fish > ~/.config/fish/completions/octo.fish
  powershell   octo completion powershell | Out-String | Invoke-Expression`

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "completion " + list(shells, "or"),
		Short:     "Print a script that completes octo in a shell",
		Long:      completionLong,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("", "completion: wants one shell: %s", list(shells, "or"))
			}
			if !slices.Contains(shells, args[0]) {
				return usage("", "completion: no shell is called %q; want %s", args[0], list(shells, "or"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			}
			return root.GenPowerShellCompletionWithDesc(a.stdout)
		},
	}
}

// complete answers the shell with names out of the config; with none when it cannot be read.
func (a *app) complete(in *inputs, names func(*compiler.Result) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		r := a.quietly(cmd.Context(), in)
		if r == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(r), cobra.ShellCompDirectiveNoFileComp
	}
}

// quietly reads the config; what is wrong with it is not said here.
func (a *app) quietly(ctx context.Context, in *inputs) *compiler.Result {
	if a.enter() != nil || slices.Contains(in.files, "-") {
		return nil
	}
	o, err := a.options(in)
	if err != nil {
		return nil
	}
	o.Targets, o.AllowEmpty = nil, true
	r, err := compiler.Front(ctx, o)
	if err != nil || r.Project == nil {
		return nil
	}
	return r
}

func targetNames(r *compiler.Result) []string {
	var names []string
	for _, t := range r.Project.Targets {
		names = append(names, t.Name)
	}
	for _, b := range backends() {
		names = append(names, b.Name())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func profileNames(r *compiler.Result) []string {
	var names []string
	for _, s := range r.Project.Services {
		names = append(names, s.Profiles...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// explainable are what octo explain takes without an output: the paths of the services and their fields, and the codes.
func explainable(r *compiler.Result) []string {
	var names []string
	for _, s := range r.Project.Services {
		path := "services." + s.Name
		names = append(names, path)
		if n := r.Tree.Get("services").Get(s.Name); n != nil {
			for i := range n.Fields {
				names = append(names, path+"."+n.Fields[i].Key)
			}
		}
	}
	for _, p := range diag.Pages() {
		names = append(names, string(p.Code)+"\t"+p.Title)
	}
	return names
}

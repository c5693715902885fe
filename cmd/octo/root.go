package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/octocompose/octocompose/compiler/diag"
)

const rootLong = `octo compiles one description of an application, a superset of Compose, into what each platform's own tools
apply: systemd units, a Compose project, Kubernetes manifests.

  octo init                     write a small octo.yaml
  octo compile                  compile it to out/systemd, out/compose and out/k8s
  octo compile -t k8s -f compose.yaml
  octo explain services.web.image

With no -f, octo looks for octo.yaml, octo.yml, compose.yaml, compose.yml, docker-compose.yaml and docker-compose.yml.`

// execute finds the command and runs it.
func (a *app) execute(ctx context.Context, args []string) error {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	return root.ExecuteContext(ctx)
}

// root is the command line.
func (a *app) root() *cobra.Command {
	cobra.EnableCommandSorting = false
	root := &cobra.Command{
		Use:               "octo",
		Short:             "Compile one config to systemd, Docker Compose and Kubernetes",
		Long:              rootLong,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.ArbitraryArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.enter() },
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			if ok, _ := cmd.Flags().GetBool("version"); ok {
				return a.printVersion("text")
			}
			return cmd.Help()
		},
	}
	root.Flags().Bool("version", false, "print the version, as octo version does")
	root.SetHelpCommand(helpCommand())
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(usageTemplate)
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVarP(&a.directory, "directory", "C", "", "work as if octo had been started in `DIR`")
	a.color = choice{value: "auto", allowed: []string{"auto", "always", "never"}}
	flags.Var(&a.color, "color", "`WHEN` to use color: auto, always or never; NO_COLOR turns it off")
	root.AddCommand(a.initCommand(), a.compileCommand(), a.checkCommand(), a.preflightCommand(), a.configCommand(), a.explainCommand(),
		a.lockCommand(), a.fetchCommand(), a.upgradeCommand(),
		a.schemaCommand(), a.versionCommand(), a.completionCommand(), a.manCommand())
	for _, c := range root.Commands() {
		c.Flags().SortFlags = false
		c.DisableFlagsInUseLine = true
		completeChoices(c)
	}
	return root
}

// helpCommand is octo help COMMAND, which people try; octo COMMAND --help is the same.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "help [COMMAND]",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Root().Help()
			}
			c, _, err := cmd.Root().Find(args[:1])
			if err != nil || c == cmd.Root() {
				return unknownCommand(cmd, args[0])
			}
			return c.Help()
		},
	}
}

// enter changes to the folder of -C.
func (a *app) enter() error {
	if a.directory == "" {
		return nil
	}
	if err := os.Chdir(a.directory); err != nil {
		return usage("", "-C %s: %w", a.directory, pathCause(err))
	}
	return nil
}

const usageTemplate = `usage: {{.UseLine}}{{if .HasAvailableSubCommands}} COMMAND

commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

flags of every command:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
`

// commandNames are the commands that are there.
func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

func unknownCommand(cmd *cobra.Command, name string) error {
	names := commandNames(cmd.Root())
	help := "the commands are " + list(names, "and")
	if near := diag.Near(name, names); near != "" {
		help = fmt.Sprintf("did you mean octo %s? The commands are %s", near, list(names, "and"))
	} else if looksLikeFile(name) {
		help = fmt.Sprintf("to compile it: octo compile -f %s", name)
	}
	return usage(help, "no command is called %q", name)
}

func looksLikeFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.ContainsRune(name, os.PathSeparator)
}

// flagError turns an error of pflag into one that names the flag, what it takes, and what was meant.
func flagError(cmd *cobra.Command, err error) error {
	if !cmd.HasParent() { // the word after octo is wrong, so its flags are not known either
		for _, arg := range cmd.Flags().Args() {
			return unknownCommand(cmd, arg)
		}
	}
	var (
		unknown *pflag.NotExistError
		missing *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		if s := unknown.GetSpecifiedShortnames(); s != "" {
			name = "-" + unknown.GetSpecifiedName()
		}
		return usage(flagHelp(cmd, unknown.GetSpecifiedName()), "%sno flag is called %s", verb(cmd), name)
	case errors.As(err, &missing):
		f := missing.GetFlag()
		_, text := pflag.UnquoteUsage(f)
		return usage("", "%s%s needs a value: %s", verb(cmd), flagName(f), text)
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		if c, ok := f.Value.(*choice); ok {
			help := ""
			if near := diag.Near(invalid.GetValue(), c.allowed); near != "" {
				help = "did you mean " + near + "?"
			}
			return usage(help, "%s%s cannot be %q; want %s", verb(cmd), flagName(f), invalid.GetValue(), list(c.allowed, "or"))
		}
		if f.Value.Type() == "bool" {
			return usage("", "%s%s cannot be %q; want true or false, or no value", verb(cmd), flagName(f), invalid.GetValue())
		}
		return usage("", "%s%s cannot be %q: %w", verb(cmd), flagName(f), invalid.GetValue(), errors.Unwrap(err))
	}
	return usage("", "%s%w", verb(cmd), err)
}

// verb is the beginning of a message about a command's flags.
func verb(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return ""
	}
	return cmd.Name() + ": "
}

func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand + ", --" + f.Name
	}
	return "--" + f.Name
}

// flagHelp finds the flag that was meant, here or at another command.
func flagHelp(cmd *cobra.Command, name string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := diag.Near(name, names); near != "" {
		return "did you mean --" + near + "?"
	}
	var at []string
	for _, c := range cmd.Root().Commands() {
		if c != cmd && c.Flags().Lookup(name) != nil {
			at = append(at, "octo "+c.Name())
		}
	}
	if len(at) > 0 {
		return list(at, "and") + " " + map[bool]string{true: "has", false: "have"}[len(at) == 1] + " it"
	}
	return cmd.CommandPath() + " --help lists its flags"
}

// list is words as a list in a sentence: a, b or c.
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// choice is a flag with a few allowed values.
type choice struct {
	value   string
	allowed []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return "string" }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return fmt.Errorf("want %s", list(c.allowed, "or"))
	}
	c.value = s
	return nil
}

// completeChoices tells the shell the values of flags that have a few.
func completeChoices(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if c, ok := f.Value.(*choice); ok {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(c.allowed, cobra.ShellCompDirectiveNoFileComp))
		}
	})
}

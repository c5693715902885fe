// Package load reads every file of a config and makes one merged, canonical tree of them.
//
// In: the names of files (or a folder to look in), a [source.Reader], the compiled schema, and what the command
// line and the environment say. Out: [Result] with the tree, the files that were read and the name of the project; what is
// wrong with any of the files, each finding with its place. For each file:
//
//	read ─► parse ─► surface check ─► its includes, recursively ─► interpolate ${…} ─► canonical form ─► extends
//
// and then all layers are merged, the lowest first: the includes of a file in the order in which it lists them,
// the file itself over them, a later -f over an earlier one, --set over all.
//
//   - A file that is reached twice counts once, at its first place, unless another folder or env_file is asked for.
//   - A cycle of includes or of extends is an error that names the whole way round.
//   - ${NAME} is the value that --env-file or else .env gives; for a name that the config declares under variables the
//     environment of the process comes first, and default last. An include may bring an env_file, or has a .env beside
//     it; what the including file's side sets wins, as in Compose.
//     The environment is read only for names that a file on the disk declares.
//   - An include by URL is read through Options.Remote, which knows octo.lock; so are the files that it names. Such a file
//     may name nothing but what was fetched with it; the content of what it names becomes a part of the config (ship.go),
//     as no output can name a file in a store.
//   - A file in the format of another tool is turned into a layer of ours by one of Options.FrontEnds.
//   - Images and programs get the digests that octo.lock has for them.
//   - variables are read as they stand: a dollar sign in a default is a dollar sign.
//   - A variable with prompt that nothing sets is asked for through Options.Ask; the answer stands where default does.
//   - The value of a secret variable never comes into the tree or a finding: a mark goes in its place, and what holds one
//     in the merged tree is [Hidden] there and an error in Result.Leaks.
//   - extends starts from the whole service, in this file, in what it includes, or in another file, whose own
//     includes do not count; all of it is inherited, as in compose-go.
//   - An env_file that says inline: true becomes a part of environment, below what stands there, and leaves env_file.
//   - repos are a layer under the services of the config: the files that they name are read once all layers are known. Tools
//     of hooks and files that services mount are looked up in the merged tree; files that nobody mounts are not read.
//   - revisions are the topmost layer, in whatever file they stand: they go over the images and programs of the merged tree.
//   - The overlays of a target (targets.T.overlay) are layers over all files and below --set. [Result.Over] loads the config
//     again with those of one target; what was parsed and asked for is not asked for again.
//   - The project is called what ProjectName says, else COMPOSE_PROJECT_NAME in the .env file, else name: in the topmost
//     layer that has it, else like its folder.
//
// A file that cannot be read or parsed does not keep the others from being looked at; Result.Broken then says that
// what seems to be missing may have been in it. The package never writes, never touches the network, and reads the
// environment only through Options.Env, for declared names only.
//
//	r, ds := load.Load(load.Options{Schema: s, Dir: dir, Files: []string{"octo.yaml"}})
package load

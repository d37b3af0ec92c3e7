return Imaged.Cli.CliProgram.Run(args);

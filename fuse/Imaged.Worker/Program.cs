using Imaged.Worker;

return WorkerProgram.Run(args);

using Chancery.Documents;

// Started as "… read --serve" this is a reading child, as the server's executable is; else it runs the tests.
if (args is ["read", .. var readArguments])
{
    await using var input = Console.OpenStandardInput();
    await using var output = Console.OpenStandardOutput();
    return await ReadCommand.RunAsync(readArguments, input, output, CancellationToken.None);
}

return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);

using Chancery.Server.Platform.Engines;
using Microsoft.Extensions.Logging.Abstractions;

// A server with nothing but engines, for tests that kill it. Prints what it started, and stops when its input ends.
try
{
    await using var engines = await PrivateEngines.StartAsync(
        new EngineOptions(args[0]),
        NullLoggerFactory.Instance,
        TimeProvider.System,
        CancellationToken.None
    );

    var processes = string.Join(' ', engines.States.OrderBy(state => state.Name).Select(state => state.ProcessId));
    Console.WriteLine($"up {processes} {engines.OwnerConnectionString}");
    await Console.In.ReadToEndAsync();
    return 0;
}
catch (EngineException exception)
{
    Console.WriteLine(exception.Message);
    return 1;
}

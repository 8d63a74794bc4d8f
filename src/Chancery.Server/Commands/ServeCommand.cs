using System.CommandLine;

namespace Chancery.Server.Commands;

/// <summary><c>chancery serve</c>: starts what storage is missing, migrates, and serves until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data")
        {
            Description = "Where files, keys and private engines live",
            DefaultValueFactory = _ => "data",
        };
        var port = new Option<int>("--port")
        {
            Description = "The port of the page and the API",
            DefaultValueFactory = _ => 8000,
        };
        var listen = new Option<string>("--listen")
        {
            Description = "The address to bind to; loopback unless you say otherwise",
            DefaultValueFactory = _ => "localhost",
        };
        var command = new Command("serve", "Serve the page and the API") { data, port, listen };
        command.SetAction((parsed, cancellationToken) => Task.FromResult(1));
        return command;
    }
}

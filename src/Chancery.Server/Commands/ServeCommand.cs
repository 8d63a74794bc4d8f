using System.CommandLine;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Backup;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Settings.Vault;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chancery.Server.Commands;

/// <summary><c>chancery serve</c>: starts what storage is missing, migrates, and serves until it is told to stop.</summary>
internal static class ServeCommand
{
    private static readonly Option<string> Data = new("--data")
    {
        Description = "Where files, keys and private engines live",
        DefaultValueFactory = _ => "data",
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "The port of the page and the API; 0 takes a free one",
        DefaultValueFactory = _ => 8000,
    };

    private static readonly Option<string> Listen = new("--listen")
    {
        Description = "The address to bind to; loopback unless you say otherwise",
        DefaultValueFactory = _ => "localhost",
    };

    private static readonly Option<bool> Demo = new("--demo")
    {
        Description = "Make a demo organisation with a few documents when there is none",
    };

    public const string Name = "serve";

    public static Command Create()
    {
        var command = new Command(Name, "Serve the page and the API") { Data, Port, Listen, Demo };
        command.SetAction(
            (parsed, cancellationToken) => RunAsync(parsed, Console.Out, Console.Error, cancellationToken)
        );
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed,
        TextWriter output,
        TextWriter errors,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await ServeAsync(parsed, output, cancellationToken);
            return 0;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception exception) when (OneLine(exception, parsed) is { } line)
        {
            await errors.WriteLineAsync($"chancery: {line}");
            return 1;
        }
    }

    private static async Task ServeAsync(ParseResult parsed, TextWriter output, CancellationToken cancellationToken)
    {
        var environment =
            Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")
            ?? Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT")
            ?? "Production";
        var settings = await InstallationSettings.ReadAsync(cancellationToken);
        using var loggers = LoggerFactory.Create(logging =>
            logging.AddSimpleConsole(format => format.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
        );

        settings.Tell(loggers.CreateLogger<InstallationSettings>());

        await using var start = await StorageStart.OpenAsync(
            settings.Configuration,
            parsed.GetValue(Data)!,
            mayCreateKey: environment == "Local",
            loggers,
            cancellationToken
        );
        await using var app = Program.Build(
            start.Storage,
            builder =>
            {
                builder.Environment.EnvironmentName = environment;
                settings.AddTo(builder.Configuration);
                var address = builder.UseAddress(parsed.GetValue(Listen)!, parsed.GetValue(Port));
                // Links in invitations lead back here unless the operator names another address.
                if (parsed.GetValue(Port) != 0)
                {
                    builder.Configuration["PUBLIC_URL"] ??= address;
                }
            }
        );

        await app.StartAsync(cancellationToken);
        var address = app.Urls.First();
        start.Engines?.Announce(address);
        if (start.MasterKeyCreated)
        {
            await output.WriteLineAsync(
                $"Made the master key {Path.Combine(start.Storage.DataDirectory, "keys", "master.key")}. Keep a copy: without "
                    + "it nobody can read the stored files."
            );
        }

        if (parsed.GetValue(Demo))
        {
            var demo = ActivatorUtilities.CreateInstance<DemoOrganisation>(app.Services, new Uri(address));
            await demo.EnsureAsync(output, cancellationToken);
        }

        await output.WriteLineAsync($"Chancery is ready at {address}");
        if (address.StartsWith("http:", StringComparison.Ordinal) && !Listening.IsLoopback(parsed.GetValue(Listen)!))
        {
            await output.WriteLineAsync(
                "Other machines reach it without TLS, and nobody can sign in from there. Give a certificate in TLS_CERT_FILE and "
                    + "TLS_KEY_FILE, or name the proxy that has one in TRUSTED_PROXIES."
            );
        }

        await app.WaitForShutdownAsync(cancellationToken);
    }

    /// <summary>What a person can mend is one line; anything else is a fault and keeps its stack trace.</summary>
    private static string? OneLine(Exception exception, ParseResult parsed) =>
        exception switch
        {
            EngineException or MigrationException or SettingException or BackupException => exception.Message,
            InvalidOperationException
            or FormatException when exception.Message.Contains("CHANCERY_", StringComparison.Ordinal) =>
                exception.Message,
            OptionsValidationException invalid => string.Join(' ', invalid.Failures),
            NpgsqlException => $"PostgreSQL at DATABASE_URL cannot be used: {exception.Message}",
            IOException { InnerException: AddressInUseException } =>
                $"Port {parsed.GetValue(Port)} is taken. Stop what uses it (ss -ltnp), or choose another with --port.",
            IOException io when io.HResult == EngineFailure.DiskFull =>
                "The disk is full. Make room and start again; nothing was lost.",
            UnauthorizedAccessException => exception.Message,
            _ => null,
        };
}

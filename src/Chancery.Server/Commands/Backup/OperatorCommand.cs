using System.CommandLine;
using System.Text.Json;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Access.Rotation;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Knowledge.Importing;
using Chancery.Server.Platform.Backup;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Settings.Vault;
using Npgsql;

namespace Chancery.Server.Commands.Backup;

/// <summary>What the verbs of an operator beside the server have in common: options, output, and how they end.</summary>
internal sealed class OperatorCommand(ParseResult parsed, TextWriter output, ProgressLine line)
    : IProgress<BackupProgress>
{
    public static readonly Option<string> Data = new("--data")
    {
        Description = "The data directory of the installation",
        DefaultValueFactory = _ => "data",
    };

    public static readonly Option<bool> Json = new("--json") { Description = "Print the outcome as JSON" };

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    private InstallationSettings? _settings;

    /// <summary>The environment, and below it what the operator's Key Vault holds.</summary>
    public IConfiguration Configuration { get; private set; } = InstallationSettings.OfEnvironment();

    /// <summary>Gives an application what the vault holds, below its own settings.</summary>
    public void AddSettingsTo(IConfigurationBuilder builder) => _settings?.AddTo(builder);

    public ILoggerFactory Loggers { get; } =
        LoggerFactory.Create(logging =>
            logging
                .AddSimpleConsole(format => format.SingleLine = true)
                .AddConsole(options => options.LogToStandardErrorThreshold = LogLevel.Trace)
                .SetMinimumLevel(LogLevel.Error)
        );

    public string DataDirectory => parsed.GetValue(Data)!;

    /// <summary>
    /// Where links and tokens lead: what the operator set, else where the server on this data directory answers, as that says itself.
    /// Null where there is neither.
    /// </summary>
    public string? PublicUrl =>
        Configuration["PUBLIC_URL"] is { Length: > 0 } set
            ? set
            : DataDirectoryLock.HolderOf(Path.GetFullPath(DataDirectory))?.Address;

    public bool IsLocal => Configuration["DOTNET_ENVIRONMENT"] is "Local";

    public bool AsJson => parsed.GetValue(Json);

    public T? Value<T>(Option<T> option) => parsed.GetValue(option);

    public T? Value<T>(Argument<T> argument) => parsed.GetValue(argument);

    public void Report(BackupProgress value) => line.Report(value.Stage, value.Done, value.Total, value.Unit);

    /// <summary>A line for a log, where nobody watches a bar.</summary>
    public void SayProgress(ImportTally tally)
    {
        if (!ProgressLine.IsWatched)
        {
            line.Say($"{tally.Read} of {tally.Total} rows: {tally.Migrated} migrated, {tally.Failed} failed");
        }
    }

    /// <summary>The outcome: an object for a program, or lines for a person.</summary>
    public void Print<T>(T outcome, params IEnumerable<string> lines)
    {
        line.Dispose();
        if (AsJson)
        {
            output.WriteLine(JsonSerializer.Serialize(outcome, Format));
            return;
        }

        foreach (var text in lines)
        {
            output.WriteLine(text);
        }
    }

    /// <summary>Runs a verb: what a person can mend is one line and exit code 1; anything else keeps its stack trace.</summary>
    public static void Set(Command command, Func<OperatorCommand, CancellationToken, Task<int>> run) =>
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using var line = ProgressLine.OnStandardError(isWanted: true);
                var verb = new OperatorCommand(parsed, parsed.InvocationConfiguration.Output, line);
                try
                {
                    verb._settings = await InstallationSettings.ReadAsync(cancellationToken);
                    verb.Configuration = verb._settings.Configuration;
                    return await run(verb, cancellationToken);
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    line.Say($"chancery: {command.Name} was interrupted; nothing of it is left.");
                    return Exit.Interrupted;
                }
                catch (Exception exception) when (OneLine(exception) is { } text)
                {
                    line.Say($"chancery: {text}");
                    return Exit.Failed;
                }
                finally
                {
                    verb.Loggers.Dispose();
                }
            }
        );

    private static string? OneLine(Exception exception) =>
        exception switch
        {
            BackupException
            or EngineException
            or MigrationException
            or SettingException
            or ImportException
            or ArchiveException
            or RotationException => exception.Message,
            InvalidOperationException
            or FormatException when exception.Message.Contains("CHANCERY_", StringComparison.Ordinal) =>
                exception.Message,
            NpgsqlException => $"PostgreSQL cannot be used: {exception.Message}",
            // ENOSPC and EDQUOT.
            IOException io when io.HResult is EngineFailure.DiskFull or 122 =>
                "The disk is full. Make room, or write to another one; nothing of it is left.",
            IOException or UnauthorizedAccessException => exception.Message,
            _ => null,
        };
}

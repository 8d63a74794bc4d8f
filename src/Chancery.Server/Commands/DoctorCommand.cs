using System.CommandLine;
using System.Text.Json;
using Chancery.Server.Commands.Doctor;
using Chancery.Server.Platform.Settings.Vault;

namespace Chancery.Server.Commands;

/// <summary><c>chancery doctor</c>: checks everything the server leans on, and says how to mend what is wrong.</summary>
public static class DoctorCommand
{
    private static readonly TimeSpan ServicePatience = TimeSpan.FromSeconds(10);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The command for the command line; it exits with 0 when every needed thing is there, else with 1.</summary>
    public static Command Create()
    {
        var data = new Option<string>("--data")
        {
            Description = "The data directory to look at",
            DefaultValueFactory = _ => "data",
        };
        var port = new Option<int>("--port")
        {
            Description = "The port that the server would use",
            DefaultValueFactory = _ => 8000,
        };
        var json = new Option<bool>("--json") { Description = "Print the findings as JSON" };
        var command = new Command("doctor", "Check what this machine offers, and say how to mend what is missing")
        {
            data,
            port,
            json,
        };

        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                var findings = await ExamineAsync(
                    Path.GetFullPath(parsed.GetValue(data)!),
                    parsed.GetValue(port),
                    cancellationToken
                );
                Print(findings, parsed.GetValue(json), parsed.InvocationConfiguration.Output);
                return findings.Any(finding => finding.Verdict == Verdict.Bad) ? 1 : 0;
            }
        );
        return command;
    }

    /// <summary>Looks at everything; changes nothing.</summary>
    public static async Task<IReadOnlyList<Finding>> ExamineAsync(
        string dataDirectory,
        int port,
        CancellationToken cancellationToken
    )
    {
        var environment = InstallationSettings.OfEnvironment();
        using var http = OutgoingChecks.Client(environment);
        var (configuration, vault) = await VaultCheck.RunAsync(environment, http.Client, cancellationToken);
        var isLocal = configuration["DOTNET_ENVIRONMENT"] is null or "Local" or "Development";
        var machine = new MachineChecks(configuration, dataDirectory, port, isLocal, TimeProvider.System);
        var storage = new StorageChecks(configuration, dataDirectory);
        var readers = new ReaderChecks(configuration, isLocal);
        var service = await new RagServiceCheck(configuration, http.Client, ServicePatience).RunAsync(
            cancellationToken
        );

        return
        [
            .. vault is null ? Array.Empty<Finding>() : new[] { vault },
            .. await storage.RunAsync(cancellationToken),
            .. await machine.RunAsync(cancellationToken),
            .. new TlsChecks(configuration, TimeProvider.System).Run(),
            .. new OutgoingChecks(configuration, TimeProvider.System).Run(),
            .. await readers.RunAsync(cancellationToken),
            new ModelChecks(configuration).Run(),
            .. await new IssuerChecks(configuration, http, TimeProvider.System).RunAsync(cancellationToken),
            .. service is null ? Array.Empty<Finding>() : new[] { service },
        ];
    }

    private static void Print(IReadOnlyList<Finding> findings, bool asJson, TextWriter output)
    {
        if (asJson)
        {
            var isWell = findings.All(finding => finding.Verdict != Verdict.Bad);
            output.WriteLine(JsonSerializer.Serialize(new { isWell, findings }, Json));
            return;
        }

        var width = findings.Max(finding => finding.Subject.Length);

        foreach (var finding in findings)
        {
            var mark = finding.Verdict switch
            {
                Verdict.Good => '✓',
                Verdict.Weak => '!',
                _ => '✗',
            };
            output.WriteLine($"{mark} {finding.Subject.PadRight(width)}  {finding.Found}");

            if (finding.Mend is not null)
            {
                output.WriteLine($"  {new string(' ', width)}  → {finding.Mend}");
            }
        }
    }
}

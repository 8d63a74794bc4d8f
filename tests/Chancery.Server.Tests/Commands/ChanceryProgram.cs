using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Chancery.Server.Tests.Commands;

/// <summary>What a run of the program came to.</summary>
internal sealed record Run(int Code, string Output, string Errors)
{
    public JsonElement Json =>
        Output.Length > 0
            ? JsonSerializer.Deserialize<JsonElement>(Output)
            : throw new InvalidOperationException("It printed nothing: " + this);

    public override string ToString() => $"exit code {Code}\n{Output}\n{Errors}";
}

/// <summary>The real program in a process of its own, as somebody types it.</summary>
internal static class ChanceryProgram
{
    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "chancery.dll");

    public static async Task<Run> RunAsync(
        string[] arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? input = null,
        string? folder = null
    )
    {
        using var process = Start(arguments, environment, folder);
        return await FinishAsync(process, input);
    }

    public static Process Start(
        string[] arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? folder = null
    )
    {
        // Interrupted as at a terminal, also where the tests run under nohup or in a script's background, which ignore that.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Assembly, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = folder ?? "/tmp",
        };
        start.Environment["DOTNET_ENVIRONMENT"] = "Local";
        start.Environment["LOG_LEVEL"] = "Warning";
        start.Environment["EMBEDDING_LOCAL"] = "off";
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Waits for the end; a program that never ends fails the test, not the suite.</summary>
    public static async Task<Run> FinishAsync(Process process, string? input = null)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(10));
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
            return new Run(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

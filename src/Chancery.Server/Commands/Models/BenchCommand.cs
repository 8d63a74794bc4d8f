using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform.LocalModels;

namespace Chancery.Server.Commands.Models;

/// <summary>
/// <c>chancery models bench</c>: how fast the installed encoders are on this machine, by number of threads. Each is measured in a
/// process of its own, so that its memory is its own.
/// </summary>
internal static class BenchCommand
{
    private const int MostThreads = 256;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static readonly Argument<string?> Name = new("name")
    {
        Description = "One model, as models list names it; left out, all that are installed",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<int[]> Threads = new("--threads")
    {
        Description = "Numbers of threads to try; left out, 1, 2, 4 and so on up to this machine's processors",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<double> Seconds = new("--seconds")
    {
        Description = "How long to encode passages, and then questions, for each figure",
        DefaultValueFactory = _ => 3,
    };

    private static readonly Option<bool> AsJson = new("--json") { Description = "Print as JSON" };

    /// <summary>Measures here, not in a child: what this command starts itself with.</summary>
    private static readonly Option<bool> Here = new("--here") { Hidden = true };

    public static Command Create()
    {
        Threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int[]>() is { } given && given.Any(count => count is < 1 or > MostThreads))
            {
                result.AddError($"--threads takes numbers from 1 to {MostThreads}.");
            }
        });
        Seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 600))
            {
                result.AddError("--seconds takes a number above 0, up to 600.");
            }
        });
        var command = new Command("bench", "Measure the installed models on this machine")
        {
            Name,
            Threads,
            Seconds,
            AsJson,
            Here,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = parsed.InvocationConfiguration.Output;
        var errors = parsed.InvocationConfiguration.Error;
        var catalogue = LocalModelCatalogue.Shipped;
        var directory = LocalModelDirectory.Of(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        if (parsed.GetValue(Name) is { } name && catalogue.Find(name) is null)
        {
            var known = string.Join(", ", catalogue.Models.Select(model => model.Name));
            await errors.WriteLineAsync($"There is no model \"{name}\"; there are: {known}.");
            return Exit.Failed;
        }

        LocalModelPackage[] models =
        [
            .. catalogue.Models.Where(model =>
                parsed.GetValue(Name) is not { } wanted || model == catalogue.Find(wanted)
            ),
        ];
        LocalModelPackage[] installed = [.. models.Where(model => directory.Find(catalogue, model.Name) is not null)];
        if (installed.Length == 0)
        {
            await errors.WriteLineAsync($"{models[0].Name} is not installed: chancery models pull {models[0].Name}");
            return Exit.Failed;
        }

        var time = TimeSpan.FromSeconds(parsed.GetValue(Seconds));
        var threads = parsed.GetValue(Threads) is { Length: > 0 } given ? given : UpToProcessors();
        try
        {
            if (parsed.GetValue(Here))
            {
                var options = directory.Find(catalogue, installed[0].Name)! with { Threads = threads[0] };
                var one = await EncoderBench.MeasureAsync(options, EncoderBench.Passages(), time, cancellationToken);
                await output.WriteLineAsync(JsonSerializer.Serialize(one, JsonSerializerOptions.Web));
                return Exit.Ok;
            }

            var rows = new List<EncoderFigures>();
            foreach (var model in installed)
            {
                foreach (var count in threads.Distinct().Order())
                {
                    await errors.WriteLineAsync($"Measuring {model.Name} on {count} thread{(count == 1 ? "" : "s")} …");
                    rows.Add(await InChildAsync(model.Name, count, time, cancellationToken));
                }
            }

            await output.WriteLineAsync(
                parsed.GetValue(AsJson)
                    ? JsonSerializer.Serialize(
                        new
                        {
                            processors = Environment.ProcessorCount,
                            question = EncoderBench.Question,
                            rows,
                        },
                        Json
                    )
                    : Table(rows)
            );
            return Exit.Ok;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Exit.Interrupted;
        }
        catch (Exception exception) when (exception is LocalModelException or IOException)
        {
            await errors.WriteLineAsync(exception.Message);
            return Exit.Failed;
        }
    }

    private static int[] UpToProcessors()
    {
        var counts = new List<int>();
        for (var count = 1; count < Environment.ProcessorCount; count *= 2)
        {
            counts.Add(count);
        }

        return [.. counts, Environment.ProcessorCount];
    }

    /// <exception cref="IOException">The child failed; its own words.</exception>
    private static async Task<EncoderFigures> InChildAsync(
        string model,
        int threads,
        TimeSpan time,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "chancery"),
            [
                "models",
                "bench",
                model,
                "--here",
                "--threads",
                threads.ToString(CultureInfo.InvariantCulture),
                "--seconds",
                time.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            ]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var child = Process.Start(start)!;
        try
        {
            child.StandardInput.Close();
            var failure = child.StandardError.ReadToEndAsync(cancellationToken);
            var figures = await child.StandardOutput.ReadToEndAsync(cancellationToken);
            await child.WaitForExitAsync(cancellationToken);
            return child.ExitCode == 0
                ? JsonSerializer.Deserialize<EncoderFigures>(figures, JsonSerializerOptions.Web)!
                : throw new IOException($"{model} could not be measured: {(await failure).Trim()}");
        }
        catch (OperationCanceledException)
        {
            child.Kill(entireProcessTree: true);
            throw;
        }
    }

    internal static string Table(IReadOnlyList<EncoderFigures> rows)
    {
        string[] head = ["model", "threads", "texts/s", "tokens/s", "question p50", "p95", "memory"];
        string[][] lines =
        [
            head,
            .. rows.Select(row =>
                (string[])
                    [
                        row.Model,
                        row.Threads.ToString(CultureInfo.InvariantCulture),
                        row.TextsPerSecond.ToString("0.0", CultureInfo.InvariantCulture),
                        row.TokensPerSecond.ToString("0", CultureInfo.InvariantCulture),
                        row.QueryP50Ms.ToString("0.00 ms", CultureInfo.InvariantCulture),
                        row.QueryP95Ms.ToString("0.00 ms", CultureInfo.InvariantCulture),
                        (row.MemoryBytes / 1_000_000).ToString("0 MB", CultureInfo.InvariantCulture),
                    ]
            ),
        ];
        int[] widths = [.. head.Select((_, column) => lines.Max(line => line[column].Length))];
        return string.Join(
            Environment.NewLine,
            lines.Select(line =>
                string.Join(
                    "  ",
                    line.Select(
                        (cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])
                    )
                )
            )
        );
    }
}

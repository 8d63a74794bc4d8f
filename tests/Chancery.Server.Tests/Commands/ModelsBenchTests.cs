using System.Text.Json;
using Chancery.Server.Commands.Models;

namespace Chancery.Server.Tests.Commands;

/// <summary>The models of a machine, measured on it.</summary>
public sealed class ModelsBenchTests
{
    [Fact]
    public async Task Each_installed_model_is_measured_by_threads_for_programs_and_for_people()
    {
        var told = await ChanceryProgram.RunAsync([
            "models",
            "bench",
            "--threads",
            "2",
            "1",
            "--seconds",
            "0.05",
            "--json",
        ]);

        Assert.True(told.Code == 0, told.ToString());
        var rows = told.Json.GetProperty("rows").EnumerateArray().ToArray();
        Assert.Equal([1, 2], rows.Select(row => row.GetProperty("threads").GetInt32()));
        Assert.All(
            rows,
            row =>
            {
                Assert.StartsWith("all-MiniLM-L6-v2@", row.GetProperty("model").GetString(), StringComparison.Ordinal);
                Assert.Equal(384, row.GetProperty("dimensions").GetInt32());
                Assert.True(Figure(row, "textsPerSecond") > 0);
                // Passages of some 150 words.
                Assert.InRange(Figure(row, "tokensPerSecond") / Figure(row, "textsPerSecond"), 100, 256);
                Assert.InRange(Figure(row, "queryP50Ms"), 0.01, Figure(row, "queryP95Ms"));
                // The model alone has 23 MB.
                Assert.InRange(Figure(row, "memoryBytes"), 40e6, 4e9);
            }
        );
    }

    [Fact]
    public void The_table_says_what_each_column_is()
    {
        var table = BenchCommand
            .Table([
                new("small@1", 1, 384, 61.5, 12_345, 1.5, 2.25, 131_000_000),
                new("larger@22", 16, 768, 5, 999, 10, 20, 1),
            ])
            .Split(Environment.NewLine);

        Assert.Equal("model      threads  texts/s  tokens/s  question p50       p95  memory", table[0]);
        Assert.Equal("small@1          1     61.5     12345       1.50 ms   2.25 ms  131 MB", table[1]);
        Assert.Equal("larger@22       16      5.0       999      10.00 ms  20.00 ms    0 MB", table[2]);
    }

    [Fact]
    public void A_percentile_is_a_value_that_was_measured()
    {
        double[] sorted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

        Assert.Equal(5, EncoderBench.Percentile(sorted, 0.50));
        Assert.Equal(10, EncoderBench.Percentile(sorted, 0.95));
        Assert.Equal(7, EncoderBench.Percentile([7], 0.95));
    }

    [Theory]
    [InlineData("no-such-model", "There is no model")]
    [InlineData("--threads=0", "--threads takes numbers")]
    [InlineData("--seconds=0", "--seconds takes a number")]
    public async Task What_cannot_be_measured_is_said(string argument, string why)
    {
        var run = await ChanceryProgram.RunAsync(["models", "bench", argument]);

        Assert.NotEqual(0, run.Code);
        Assert.Contains(why, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_model_it_says_how_to_install_one()
    {
        var nothing = Directory.CreateTempSubdirectory("chancery-models-").FullName;

        var run = await ChanceryProgram.RunAsync(
            ["models", "bench"],
            new Dictionary<string, string?> { ["MODELS_DIR"] = nothing }
        );
        Directory.Delete(nothing);

        Assert.Equal(1, run.Code);
        Assert.Contains("chancery models pull all-MiniLM-L6-v2", run.Errors, StringComparison.Ordinal);
    }

    private static double Figure(JsonElement row, string name) => row.GetProperty(name).GetDouble();
}

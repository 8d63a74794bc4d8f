using System.Globalization;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Tests.Architecture;
using Chancery.Testing.Answers;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>
/// A part of the questions that <c>./run bench answers</c> asks, over documents that are uploaded and searched: citations and refusals do not
/// become worse than <c>answer-floors.tsv</c> says.
/// </summary>
/// <remarks>
/// Who makes answers better runs this with <c>CHANCERY_WRITE_RESULTS=1</c> and commits the file; who makes a figure worse for a
/// reason does so too, and says why.
/// </remarks>
public sealed class AnswerFloorTests(EvaluationFixture chancery) : IClassFixture<EvaluationFixture>
{
    private const string Heading = "set\tanswered by\tfigure\tfloor\tmeasured\tquestions";

    /// <summary>How far a figure may fall: so many questions, and so much of all.</summary>
    private const int Questions = 2;
    private const double Share = 0.02;

    /// <summary>What the words of an answer are like is told by the bench; here it is places and refusals.</summary>
    private static readonly string[] _held =
    [
        "citation precision",
        "citation recall",
        "answerable: answered",
        "left out: refused",
        "foreign: refused",
    ];

    private static readonly string _path = Path.Combine(
        SourceTree.Root,
        "tests",
        "Chancery.Server.Tests",
        "Evaluation",
        "answer-floors.tsv"
    );

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Citations_and_refusals_are_as_right_as_ever_with_and_without_a_model()
    {
        chancery.Model.Behaves(ScriptedReader.Answer);
        var snippets = JudgedSets.Rgb(questions: 25);
        // Without the snippets that answer, these questions are hardly ever refused: there is nothing to fall.
        snippets = snippets with
        {
            Rounds = [.. snippets.Rounds.Where(round => round.Kind is RoundKind.Answerable)],
        };
        JudgedSet[] sets = [JudgedSets.Xquad("en", paragraphs: 32, foreign: 40), snippets];

        var measured = new Dictionary<string, ScoreSummary>();
        foreach (var set in sets)
        {
            var olga = await chancery.SignUpAsync();
            var exam = new AnswerExam(olga.Http, set);
            await exam.UploadAsync(Cancel);
            foreach (var (by, model) in new[] { ("extractive", "extractive"), ("scripted model", null) })
            {
                var figures = AnswerFigures.Of(await exam.AskAsync(model, Cancel));
                Assert.True(figures.Failed == 0, $"{set.Name}, {by}: {figures.Failed} questions failed.");
                foreach (var (name, summary) in figures.Named().Where(named => _held.Contains(named.Name)))
                {
                    measured[$"{set.Name}\t{by}\t{name}"] = summary;
                }
            }
        }

        if (Environment.GetEnvironmentVariable("CHANCERY_WRITE_RESULTS") is not null)
        {
            await File.WriteAllLinesAsync(_path, [Heading, .. measured.Select(one => Row(one.Key, one.Value))], Cancel);
        }

        var floors = (await File.ReadAllLinesAsync(_path, Cancel))
            .Skip(1)
            .Select(line => line.Split('\t'))
            .ToDictionary(cells => string.Join('\t', cells[..3]), cells => Number(cells[3]));
        // A figure that nobody measures, or a measure without a floor, holds nothing.
        Assert.Equal(floors.Keys.Order(StringComparer.Ordinal), measured.Keys.Order(StringComparer.Ordinal));
        var fallen = measured
            .Where(one => one.Value.Mean < floors[one.Key])
            .Select(one => $"{one.Key}: {one.Value.Mean:F3} of {one.Value.Count}, at least {floors[one.Key]:F3}");
        Assert.Empty(fallen);
    }

    private static string Row(string key, ScoreSummary summary)
    {
        var margin = Math.Max(Share, (double)Questions / summary.Count);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{key}\t{Math.Max(0, summary.Mean!.Value - margin):F3}\t{summary.Mean:F3}\t{summary.Count}"
        );
    }

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
}

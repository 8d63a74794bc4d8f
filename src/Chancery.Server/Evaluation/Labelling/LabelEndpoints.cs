using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Evaluation.Judging;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Runs;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Evaluation.Labelling;

/// <summary>People label what a model judged, and see how far it can be relied on.</summary>
internal static class LabelEndpoints
{
    private static readonly Dictionary<string, Score> Nothing = [];

    /// <param name="Label">good or bad.</param>
    public sealed record LabelRequest([Required] [property: OneOf("EvalLabel", "good", "bad")] string Label);

    /// <summary>A judge beside people who labelled the same answers.</summary>
    /// <param name="Criterion">relevance, faithfulness or helpfulness.</param>
    /// <param name="Labels">How many answers people labelled.</param>
    /// <param name="Coverage">The share of them that the judge gave a number.</param>
    /// <param name="Agreement">The share that both call the same; the judge calls good what has 4 of 5 or more.</param>
    /// <param name="Kappa">Cohen's: agreement beyond chance, 1 at most; left out where chance explains all.</param>
    /// <param name="Low">Of kappa, at 95 %.</param>
    /// <param name="High">Of kappa.</param>
    /// <param name="FalselyGood">People called them bad and the judge good.</param>
    /// <param name="FalselyBad">People called them good and the judge bad.</param>
    public sealed record JudgeCalibration(
        string Criterion,
        int Labels,
        double Coverage,
        double? Agreement,
        double? Kappa,
        double? Low,
        double? High,
        int FalselyGood,
        int FalselyBad
    );

    /// <param name="Criteria">Those that people labelled something by.</param>
    public sealed record CalibrationResponse(IReadOnlyList<JudgeCalibration> Criteria);

    public static void Map(IEndpointRouteBuilder routes)
    {
        EvalRoutes
            .Readable(routes)
            .MapGet("/runs/{id:guid}/calibration", CalibrateAsync)
            .WithName("CalibrateEvalJudge")
            .WithSummary("Hold a run's judge against the labels of people")
            .WithDescription(
                "A judge with a kappa below 0.6 decides little; label fifty results, good and bad ones, before you go by it."
            )
            .WithExample(EvalRoutes.OneRun)
            .ProducesProblem(StatusCodes.Status404NotFound);
        var writing = EvalRoutes.Writable(routes);
        var one = new RouteExample
        {
            Path = new Dictionary<string, string>
            {
                ["id"] = "eval_run",
                ["question"] = "eval_question",
                ["criterion"] = "relevance",
            },
        };
        writing
            .MapPut("/runs/{id:guid}/results/{question:guid}/labels/{criterion}", LabelAsync)
            .NotAudited("It says how good a result was.")
            .WithName("LabelEvalResult")
            .WithSummary("Call a result good or bad by one criterion")
            .WithDescription("The last label counts. An answer that is withheld from you cannot be labelled.")
            .WithExample(one with { Body = """{"label":"good"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        writing
            .MapDelete("/runs/{id:guid}/results/{question:guid}/labels/{criterion}", UnlabelAsync)
            .NotAudited("It says how good a result was.")
            .WithName("UnlabelEvalResult")
            .WithSummary("Take a label back")
            .WithExample(one)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> LabelAsync(
        Guid id,
        [Description("As the results name it.")] Guid question,
        [Description("relevance, faithfulness or helpfulness."), StringLength(40)] string criterion,
        LabelRequest request,
        Principal principal,
        LabelStore labels,
        CancellationToken cancellationToken
    ) =>
        Judges.Find(criterion) is null ? Problem.Invalid("criterion", "It is relevance, faithfulness or helpfulness.")
        : await labels.PutAsync(principal, id, question, criterion, request.Label == "good", cancellationToken)
            ? TypedResults.NoContent()
        : Problem.NotFound("result");

    private static async Task<Results<NoContent, ProblemHttpResult>> UnlabelAsync(
        Guid id,
        [Description("As the results name it.")] Guid question,
        [Description("relevance, faithfulness or helpfulness."), StringLength(40)] string criterion,
        Principal principal,
        LabelStore labels,
        CancellationToken cancellationToken
    ) =>
        await labels.PutAsync(principal, id, question, criterion, null, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("result");

    private static async Task<Results<Ok<CalibrationResponse>, ProblemHttpResult>> CalibrateAsync(
        Guid id,
        Principal principal,
        RunStore runs,
        LabelStore labels,
        CancellationToken cancellationToken
    )
    {
        if (await runs.FindAsync(principal, id, cancellationToken) is null)
        {
            return RunEndpoints.Missing();
        }

        var given = await labels.OfAsync(principal, id, cancellationToken);
        var scores = await runs.FirstScoresAsync(principal, id, cancellationToken);
        return TypedResults.Ok(
            new CalibrationResponse([
                .. given
                    .OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => Of(group.Key, [.. group], scores)),
            ])
        );
    }

    private static JudgeCalibration Of(
        string criterion,
        IReadOnlyList<(Guid Question, bool IsGood)> labels,
        IReadOnlyDictionary<Guid, IReadOnlyDictionary<string, Score>> scores
    )
    {
        var name = Judges.ScoreOf(Judges.Find(criterion)!.Value);
        var calibration = Calibration.Of([
            .. labels.Select(label =>
                (scores.GetValueOrDefault(label.Question, Nothing).GetValueOrDefault(name, Score.None), label.IsGood)
            ),
        ]);
        var agreement = calibration.Agreement;
        return new(
            criterion,
            labels.Count,
            Math.Round(calibration.Coverage, 4),
            agreement.Count == 0 ? null : Rounded(agreement.Observed),
            Rounded(agreement.Kappa),
            Rounded(agreement.Interval?.Low),
            Rounded(agreement.Interval?.High),
            calibration.FalselyGood,
            calibration.FalselyBad
        );
    }

    private static double? Rounded(double? value) => value is { } number ? Math.Round(number, 4) : null;
}

using Chancery.Server.Evaluation.Telemetry;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Telemetry;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>What the operator's figures tell of evaluations.</summary>
public sealed class EvalFiguresTests(EvaluationFixture chancery) : IClassFixture<EvaluationFixture>
{
    [Fact]
    public async Task Figures_tell_runs_scores_and_judges_that_failed_and_name_no_organisation()
    {
        using var heard = new HeardFigures(chancery.Services, EvalMeter.MeterName);
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("# Terms\n\nThe notice period of the whimbrel is sixty days.\n", "terms.md");
        chancery.Scripts["notice period of the whimbrel"] = _ => new ScriptedReply(
            "The notice period of the whimbrel is sixty days. [1]"
        );
        // The judge says "I do not know.", which is no judgement.
        var dataset = await olga.DatasetAsync(
            new
            {
                question = "How long is the notice period of the whimbrel?",
                expected_answers = new[] { "sixty days" },
            }
        );

        await olga.RunAsync(
            new
            {
                dataset,
                target = new { kind = "answer" },
                judging = new { criteria = new[] { "relevance" } },
            }
        );

        var all = await heard.WithAsync("chancery_eval_runs_total target=answer origin=person state=done");
        Assert.Contains("chancery_eval_questions_total target=answer outcome=answered", all);
        Assert.Contains("chancery_eval_score score=contains_answer target=answer", all);
        Assert.Contains("chancery_eval_scores_failed_total score=judge_relevance judge=yes", all);
        Assert.DoesNotContain(all, one => one.Contains(olga.TenantId.ToString(), StringComparison.Ordinal));
    }
}

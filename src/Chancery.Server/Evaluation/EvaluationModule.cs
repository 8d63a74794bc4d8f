using Chancery.Server.Answers.Chat;
using Chancery.Server.Evaluation.Comparing;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Gating;
using Chancery.Server.Evaluation.Growing;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Evaluation.Labelling;
using Chancery.Server.Evaluation.Nightly;
using Chancery.Server.Evaluation.RedTeam;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Runs;
using Chancery.Server.Evaluation.Telemetry;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Platform.Work;
using Chancery.Server.Prompts.Gates;
using Chancery.Server.Prompts.Templates;

namespace Chancery.Server.Evaluation;

/// <summary>The only public door of this capability: questions with expected answers, and how the product does on them.</summary>
public static class EvaluationModule
{
    public static WebApplicationBuilder AddEvaluation(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<DatasetStore>();
        services.AddSingleton<RunStore>();
        services.AddSingleton<RunWorkStore>();
        services.AddSingleton<EvalMeter>();
        services.AddSingleton<RunStarters>();
        services.AddSingleton<RunModels>();
        services.AddSingleton<PromptAsker>();
        services.AddSingleton<UpgradeAsker>();
        services.AddSingleton<DraftAsker>();
        services.AddSingleton<ReasoningAsker>();
        services.AddSingleton<QuestionAsker>();
        services.AddSingleton<AttackedWriting>();
        services.AddSingleton<IRolloutGate, DatasetGate>();
        services.AddSingleton<JudgementStore>();
        services.AddSingleton<Judges>();
        services.AddSingleton<JudgePrompts>();
        services.AddSingleton<LiveJudging>();
        services.AddSingleton<IAnswerJudge>(services => services.GetRequiredService<LiveJudging>());
        services.AddHostedService(services => services.GetRequiredService<LiveJudging>());
        foreach (var prompt in JudgePrompts.Shipped)
        {
            services.AddShippedPrompt(prompt);
        }

        services.AddSingleton<LabelStore>();
        services.AddSingleton<IWorkHandler, RunHandler>();
        services.AddTakenWork(ImportedEvaluationWork.All);
        services.AddSingleton<RedTeamStore>();
        services.AddSingleton<RedTeamWorkStore>();
        services.AddSingleton<BaitDocuments>();
        services.AddSingleton<AttackedTools>();
        services.AddSingleton<AttackAsker>();
        services.AddSingleton<IWorkHandler, RedTeamHandler>();
        services.AddWebhook<EvalAlert>(EvalAlert.Regressed, "Scores of a nightly evaluation fell surely");
        services.AddWebhook<EvalAlert>(
            EvalAlert.OverCap,
            "A nightly evaluation reached its cap on cost before its end"
        );
        services.AddTenantJob<NightlyRuns>("evaluation", "0 0 2 * * ?");
        return builder;
    }

    public static void MapEvaluation(this WebApplication app)
    {
        DatasetEndpoints.Map(app);
        QuestionEndpoints.Map(app);
        RunEndpoints.Map(app);
        RunComparisonEndpoint.Map(app);
        SharedAnswerEndpoints.Map(app);
        LabelEndpoints.Map(app);
        RedTeamEndpoints.Map(app);
    }
}

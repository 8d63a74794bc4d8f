using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Answers.Memory;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Answers.Sharing;
using Chancery.Server.Answers.WarmUp;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Prompts.Templates;

namespace Chancery.Server.Answers;

/// <summary>The only public door of this capability: questions, checked citations, conversations.</summary>
public static class AnswersModule
{
    /// <summary>What the host gets beyond the grace of running answers, to close the rest.</summary>
    private static readonly TimeSpan ShutdownRest = TimeSpan.FromSeconds(10);

    /// <exception cref="Platform.Settings.SettingException">A setting cannot be used.</exception>
    public static WebApplicationBuilder AddAnswers(this WebApplicationBuilder builder)
    {
        // Read now, so that a bad setting stops the start and not the first question.
        var options = AnswersOptions.Read(builder.Configuration);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(ReasoningSettings.Read(builder.Configuration, ModelsOf(builder.Services)));
        builder.Services.AddSingleton(MemorySettings.Read(builder.Configuration));
        builder.Services.AddSingleton<TokenCalibration>();
        builder.Services.AddSingleton<SummaryStore>();
        builder.Services.AddShippedPrompt(AnswerPrompt.Shipped);
        builder.Services.AddShippedPrompt(ConversationSummaries.Shipped);
        builder.Services.AddShippedPrompt(ReasoningPrompt.Shipped);
        builder.Services.AddSingleton<ConversationSummaries>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ConversationSummaries>());
        builder.Services.AddSingleton<ShutdownGrace>();
        builder.Services.AddSingleton<InjectionWatch>();
        builder.Services.AddSingleton<GuardNotes>();
        builder.Services.AddSingleton<SemanticLookup>();
        builder.Services.AddSingleton<WritingModels>();
        builder.Services.AddSingleton<ModelWriter>();
        builder.Services.AddSingleton<PromptedWork>();
        builder.Services.AddSingleton<AnswerUses>();
        builder.Services.AddSingleton<ChatService>();
        builder.Services.AddSingleton<ReasoningService>();
        builder.Services.AddSingleton<ConversationStore>();
        builder.Services.AddSingleton<FeedbackStore>();
        builder.Services.AddSingleton<ConversationThreads>();
        builder.Services.AddSingleton<AnswerOutcomes>();
        builder.Services.AddSingleton<SharedAnswers>();
        builder.Services.AddSingleton<ShareStore>();
        builder.Services.AddSingleton(WarmUpOptions.Read(builder.Configuration));
        builder.Services.AddTenantJob<CacheWarmUp>("answer-cache-warm-up", "0 47 * * * ?");
        builder.Services.AddTenantJob<ConversationRetention>("conversation-retention", "0 17 2 * * ?");
        builder.Services.PostConfigure<HostOptions>(host =>
        {
            var least = options.ShutdownGrace + ShutdownRest;
            host.ShutdownTimeout = host.ShutdownTimeout < least ? least : host.ShutdownTimeout;
        });
        return builder;
    }

    private static ModelRegistry ModelsOf(IServiceCollection services) =>
        (ModelRegistry)services.Last(service => service.ServiceType == typeof(ModelRegistry)).ImplementationInstance!;

    public static void MapAnswers(this WebApplication app)
    {
        ChatEndpoint.Map(app);
        ReasoningEndpoint.Map(app);
        ConversationEndpoints.Map(app);
        FeedbackEndpoints.Map(app);
        ExportEndpoint.Map(app);
        ShareEndpoints.Map(app);
    }
}

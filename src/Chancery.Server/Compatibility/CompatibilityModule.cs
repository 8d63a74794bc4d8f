namespace Chancery.Server.Compatibility;

/// <summary>The paths that older clients use, as thin aliases of the capabilities' own routes.</summary>
public static class CompatibilityModule
{
    public static WebApplicationBuilder AddCompatibility(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<MatcherPolicy, ProgramsOnlyPolicy>();
        return builder;
    }

    public static void MapCompatibility(this WebApplication app)
    {
        AuthAliases.Map(app);
        ChatAliases.Map(app);
        ContractAliases.Map(app);
        EvaluationAliases.Map(app);
        PromptAliases.Map(app);
        KnowledgeAliases.Map(app);
        UpgradeAliases.Map(app);
    }
}

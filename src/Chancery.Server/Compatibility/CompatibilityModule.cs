namespace Chancery.Server.Compatibility;

/// <summary>The paths that older clients use, as thin aliases of the capabilities' own routes.</summary>
public static class CompatibilityModule
{
    public static void MapCompatibility(this WebApplication app)
    {
        AuthAliases.Map(app);
        ChatAliases.Map(app);
        KnowledgeAliases.Map(app);
    }
}

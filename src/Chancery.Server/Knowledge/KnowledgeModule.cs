namespace Chancery.Server.Knowledge;

/// <summary>The only public door of this capability: documents, versions, ingestion, search.</summary>
public static class KnowledgeModule
{
    public static WebApplicationBuilder AddKnowledge(this WebApplicationBuilder builder) => builder;

    public static void MapKnowledge(this WebApplication app) => _ = app;
}

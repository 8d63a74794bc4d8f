namespace Chancery.Server.Answers;

/// <summary>The only public door of this capability: questions, checked citations, conversations.</summary>
public static class AnswersModule
{
    public static WebApplicationBuilder AddAnswers(this WebApplicationBuilder builder) => builder;

    public static void MapAnswers(this WebApplication app) => _ = app;
}

namespace Chancery.Server.Ui;

/// <summary>The only public door of this capability: the web page.</summary>
public static class UiModule
{
    public static WebApplicationBuilder AddUi(this WebApplicationBuilder builder) => builder;

    public static void MapUi(this WebApplication app) => _ = app;
}

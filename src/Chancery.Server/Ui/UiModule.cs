using Chancery.Server.Ui.Fault;
using Chancery.Server.Ui.Layout;
using Chancery.Server.Ui.Operator;
using Microsoft.AspNetCore.Diagnostics;

namespace Chancery.Server.Ui;

/// <summary>The only public door of this capability: the web page.</summary>
/// <remarks>
/// Pages are rendered here once and are clients of <c>/api/v1</c> from then on: whatever a page can do, the routes
/// of the API decide. There are no circuits and no state of a page on the server.
/// </remarks>
public static class UiModule
{
    public static WebApplicationBuilder AddUi(this WebApplicationBuilder builder)
    {
        builder.Services.AddRazorComponents();
        builder.Services.AddAntiforgery();
        builder.Services.AddSingleton<PageSettings>();
        // Before the one that answers programs: it is asked first, and leaves to that one what is no page.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IExceptionHandler, FaultPages>());
        return builder;
    }

    public static void MapUi(this WebApplication app)
    {
        app.MapPageFiles();
        app.MapPages();
        app.MapOperatorForms();
        app.UseMissingPage();
    }
}

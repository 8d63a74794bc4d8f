using Chancery.Server.Access.Authentication;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;

namespace Chancery.Server.Ui;

/// <summary>Style sheets, scripts and fonts of the page, from the folder <c>wwwroot</c> beside the program.</summary>
internal static class PageFiles
{
    // Vendored libraries carry their version in the folder's name; our own files are asked for again, by ETag.
    private const string Forever = "public, max-age=31536000, immutable";
    private const string Revalidate = "no-cache";

    private static readonly string[] Places = ["/css/{**file}", "/js/{**file}", "/lib/{**file}", "/favicon.svg"];

    public static void MapPageFiles(this WebApplication app)
    {
        var types = new FileExtensionContentTypeProvider();
        types.Mappings[".mjs"] = "text/javascript";
        types.Mappings[".js"] = "text/javascript";
        types.Mappings[".bcmap"] = "application/octet-stream";
        types.Mappings[".pfb"] = "application/octet-stream";
        var options = new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(Path.Combine(AppContext.BaseDirectory, "wwwroot")),
            ContentTypeProvider = types,
            OnPrepareResponse = prepared =>
                prepared.Context.Response.Headers.CacheControl = prepared.Context.Request.Path.StartsWithSegments(
                    "/lib"
                )
                    ? Forever
                    : Revalidate,
        };

        IEndpointRouteBuilder routes = app;
        var pipeline = routes
            .CreateApplicationBuilder()
            .Use(
                (context, next) =>
                {
                    // The middleware stands back where an endpoint was chosen; here it is the endpoint.
                    context.SetEndpoint(null);
                    return next(context);
                }
            )
            .UseStaticFiles(options)
            .Build();
        foreach (var place in Places)
        {
            routes
                .MapMethods(place, [HttpMethods.Get, HttpMethods.Head], pipeline)
                .WithCost(RouteCost.Free)
                .AllowAnonymous()
                .WithMetadata(NoCredential.Instance);
        }
    }
}

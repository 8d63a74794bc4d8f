using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Forms;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Invitations;
using Chancery.Server.Access.Keys;
using Chancery.Server.Access.Me;
using Chancery.Server.Access.Members;
using Chancery.Server.Access.Operators;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Access.SignUp;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Platform.Secrets;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.HttpOverrides;

namespace Chancery.Server.Access;

/// <summary>The only public door of this capability: who you are and what you may do.</summary>
public static class AccessModule
{
    public static WebApplicationBuilder AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton(AccessSettings.Read(builder.Configuration, builder.Environment.IsEnvironment("Local")));
        services.AddSingleton<TenantKeys>();
        services.AddSingleton<IDataKeys>(provider => provider.GetRequiredService<TenantKeys>());
        services.AddSingleton<PeopleStore>();
        services.AddSingleton<PasswordRule>();
        services.AddSingleton(_ => new PasswordHashing());
        services.AddSingleton<SigningKeyStore>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<SessionDirectory>();
        services.AddSingleton<ApiKeyStore>();
        services.AddSingleton<ApiKeyDirectory>();
        services.AddSingleton<Standing>();
        services.AddSingleton<Revocations>();
        services.AddHostedService(provider => provider.GetRequiredService<Revocations>());
        services.AddTenantJob<ExpiredSignIns>("expired-sign-ins", "0 53 2 * * ?");
        services.AddSingleton<IdempotencyStore>();
        services.AddTenantJob<ExpiredKeys>("expired-idempotency-keys", "0 7 * * * ?");
        services.AddSingleton<SignInThrottle>();
        services.AddSingleton<SessionOpening>();
        services.AddSingleton<SignInService>();
        services.AddSingleton<RefreshService>();
        services.AddSingleton<SessionPlaces>();
        services.AddSingleton<SessionEnding>();
        services.AddSingleton<SigningOut>();
        services.AddSingleton<PasswordChange>();
        services.AddSingleton<MemberStore>();
        services.AddSingleton<InvitationStore>();
        services.AddSingleton<InvitationAcceptance>();
        services.AddSingleton<OrganizationStore>();
        services.AddSingleton<SignUpStore>();
        services.AddSingleton<SignUpService>();

        services
            .AddAuthentication(CredentialHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, CredentialHandler>(CredentialHandler.SchemeName, _ => { });
        services.AddHttpContextAccessor();
        services.AddKeyRing();
        services.AddSingleton<OpenSessionsTicket>();
        services.AddAntiforgery(options =>
        {
            options.Cookie = new FormCookie();
            options.SuppressXFrameOptionsHeader = true;
        });
        services.AddSingleton<IAuthorizationHandler, PermissionHandler>();
        var authorization = services.AddAuthorizationBuilder();
        foreach (var permission in Permission.All)
        {
            authorization.AddPolicy(
                permission,
                policy => policy.RequireAuthenticatedUser().AddRequirements(new PermissionRequirement(permission))
            );
        }

        return builder;
    }

    public static WebApplication UseAccess(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<AccessSettings>();
        if (settings.TrustedProxies.Count > 0)
        {
            app.UseForwardedHeaders(ForwardedFrom(settings));
        }

        app.UseAuthentication();
        app.UseMiddleware<CrossSiteGuard>();
        app.UseAuthorization();
        app.UseMiddleware<IdempotencyGate>();
        app.UseAntiforgery();
        return app;
    }

    public static void MapAccess(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1").WithTags("Access");
        SignUpEndpoint.Map(api);
        LoginEndpoint.Map(api);
        RefreshEndpoint.Map(api);
        LogoutEndpoint.Map(api);
        SwitchEndpoint.Map(api);
        MeEndpoint.Map(api);
        SessionEndpoints.Map(api);
        OrganizationEndpoints.Map(api);
        MemberEndpoints.Map(api);
        InvitationEndpoints.Map(api);
        KeyEndpoints.Map(api);
        JwksEndpoint.Map(app);
        FormEndpoints.Map(app);
        TenantEndpoints.Map(app);
    }

    private static ForwardedHeadersOptions ForwardedFrom(AccessSettings settings)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders =
                ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in settings.TrustedProxies)
        {
            options.KnownIPNetworks.Add(network);
        }

        return options;
    }
}

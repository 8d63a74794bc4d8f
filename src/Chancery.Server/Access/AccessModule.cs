using Chancery.Server.Access.Accounts;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Decoys;
using Chancery.Server.Access.Federation;
using Chancery.Server.Access.Forms;
using Chancery.Server.Access.Groups;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Invitations;
using Chancery.Server.Access.Keys;
using Chancery.Server.Access.Lifecycle;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Access.Lifecycle.BreakGlass;
using Chancery.Server.Access.Lifecycle.Creating;
using Chancery.Server.Access.Lifecycle.Erasing;
using Chancery.Server.Access.Mail;
using Chancery.Server.Access.Me;
using Chancery.Server.Access.Members;
using Chancery.Server.Access.OAuth;
using Chancery.Server.Access.OAuth.Authorize;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.OAuth.Device;
using Chancery.Server.Access.OAuth.Discovery;
using Chancery.Server.Access.OAuth.Token;
using Chancery.Server.Access.Operators;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Access.Passkeys;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Passwords.Reset;
using Chancery.Server.Access.Provisioning;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Access.SignUp;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Platform.Secrets;
using Chancery.Server.Platform.Work;
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
        services.AddSingleton<DecoyOrganisation>();
        services.AddSingleton<IDataKeys>(provider => provider.GetRequiredService<TenantKeys>());
        services.AddSingleton<PeopleStore>();
        services.AddSingleton<PasswordRule>();
        services.AddSingleton(_ => new PasswordHashing());
        services.AddSingleton<SigningKeyStore>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<SignedTokens>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<IdTokens>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<SessionMarks>();
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
        services.AddSingleton<KnownDevices>();
        services.AddSingleton<PersonKeys>();
        services.AddSingleton<TotpAuthenticators>();
        services.AddSingleton<RecoveryCodes>();
        services.AddSingleton<Challenges>();
        services.AddSingleton<PasskeyCeremonies>();
        services.AddSingleton<PasskeySignIn>();
        services.AddSingleton<FactorChecks>();
        services.AddSingleton<SecondStep>();
        services.AddSingleton<StepUps>();
        services.AddSingleton<SignInPolicies>();
        services.AddSingleton<FactorReset>();
        services.AddSingleton<SessionOpening>();
        services.AddSingleton<SignInService>();
        services.AddSingleton<RefreshService>();
        services.AddSingleton<SessionPlaces>();
        services.AddSingleton<SessionEnding>();
        services.AddSingleton<SigningOut>();
        services.AddSingleton<PasswordChange>();
        services.AddPasswordReset(builder);
        services.AddSingleton<MemberStore>();
        services.AddSingleton<GroupStore>();
        services.AddSingleton<AccountStore>();
        services.AddSingleton<TenantSubjects>();
        services.AddSingleton<InvitationStore>();
        services.AddSingleton<InvitationAcceptance>();
        services.AddSingleton<OrganizationStore>();
        services.AddSingleton<SignUpStore>();
        services.AddSingleton<SignUpService>();
        services.AddSingleton<TenantCreation>();
        services.AddErasing();
        services.AddSingleton<OwnerLetters>();
        services.AddSingleton<IWorkHandler, OwnerLetterWork>();
        services.AddSingleton<OperatorAccessStore>();
        services.AddSingleton<OperatorAccessDirectory>();
        services.AddSingleton<OperatorAccesses>();
        services.AddOAuth();
        services.AddFederation(builder.Configuration);
        services.AddArchives();
        services.AddSingleton<IAuditActors, RequestActors>();
        services.AddSingleton<IAuditSigner, HeadSigner>();
        services.AddSingleton<KeyHistory>();
        services.AddSingleton<IMemberRemoved, ErasedMember>();
        services.AddSingleton<IMemberRemoved>(provider => provider.GetRequiredService<IdentityStore>());
        services.AddSingleton<IAuditKeys>(provider => provider.GetRequiredService<KeyHistory>());

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
        app.UseAudit();
        return app;
    }

    /// <summary>What follows once it is known who calls, and that they may call so often.</summary>
    public static WebApplication UseAuthorizedAccess(this WebApplication app)
    {
        app.UseMiddleware<BreakGlassGate>();
        app.UseMiddleware<CrossSiteGuard>();
        app.UseOperators();
        app.UseAuthorization();
        app.UseMiddleware<StepUpGate>();
        app.UseMiddleware<IdempotencyGate>();
        app.UseAntiforgery();
        return app;
    }

    public static void MapAccess(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1").WithTags("Access");
        SignUpEndpoint.Map(api);
        LoginEndpoint.Map(api);
        SecondStepEndpoint.Map(api);
        StepUpEndpoint.Map(api);
        PasskeySignInEndpoints.Map(api);
        RefreshEndpoint.Map(api);
        LogoutEndpoint.Map(api);
        SwitchEndpoint.Map(api);
        MeEndpoint.Map(api);
        SessionEndpoints.Map(api);
        SecondFactorEndpoints.Map(api);
        PasskeyEndpoints.Map(api);
        SignInPolicyEndpoints.Map(api);
        FactorReset.Map(api);
        OrganizationEndpoints.Map(api);
        OperatorAccessEndpoints.Map(api);
        OwnErasureEndpoints.Map(api);
        MemberEndpoints.Map(api);
        GroupEndpoints.Map(api);
        AccountEndpoints.Map(api);
        InvitationEndpoints.Map(api);
        KeyEndpoints.Map(api);
        ClientEndpoints.Map(api);
        JwksEndpoint.Map(app);
        AuditKeysEndpoint.Map(app);
        FormEndpoints.Map(app);
        TenantEndpoints.Map(app);
        CreationEndpoints.Map(app);
        ArchiveEndpoints.Map(api, app);
        ErasureEndpoints.Map(app);
        OperatorAccessEndpoints.MapOperator(app);
        ResetForms.Map(app);
        SecondStepForm.Map(app);
        PasskeySignInForm.Map(app);
        DiscoveryEndpoints.Map(app);
        ConsentEndpoint.Map(app);
        TokenEndpoint.Map(app);
        RegistrationEndpoint.Map(app);
        UserInfoEndpoint.Map(app);
        RevocationEndpoint.Map(app);
        IntrospectionEndpoint.Map(app);
        DeviceEndpoints.Map(app);
        FederationPages.Map(app);
        IssuerEndpoints.Map(api);
        GroupRoleEndpoint.Map(api);
        ScimEndpoints.Map(app);
    }

    private static void AddPasswordReset(this IServiceCollection services, WebApplicationBuilder builder)
    {
        var isLocal = builder.Environment.IsEnvironment("Local");
        services.AddSingleton(provider =>
            MailSettings.Read(builder.Configuration, isLocal, provider.GetRequiredService<Storage>().DataDirectory)
        );
        services.AddSingleton<PasswordResetStore>();
        services.AddSingleton<PasswordReset>();
        services.AddSingleton<IMailSender>(provider =>
            MailSender.Of(provider.GetRequiredService<MailSettings>(), provider.GetRequiredService<TimeProvider>())
        );
        services.AddSingleton<ForgottenPasswords>();
        services.AddHostedService(provider => provider.GetRequiredService<ForgottenPasswords>());
    }

    private static void AddArchives(this IServiceCollection services)
    {
        services.AddSingleton<ArchiveSeats>();
        services.AddSingleton(new ArchivePace());
        services.AddSingleton<TenantExport>();
        services.AddSingleton<TenantImport>();
        services.AddSingleton<ImportedPeople>();
        services.AddSingleton<ImportMarks>();
        services.AddSingleton(IssuerStore.Sealed);
        services.AddSingleton<IOperatorAccessNotice, OperatorAccessLetters>();
        services.AddHostedService<ClearedImports>();
    }

    private static void AddOAuth(this IServiceCollection services)
    {
        services.AddSingleton<Resources>();
        services.AddSingleton<ClientSecret>();
        services.AddSingleton<ClientStore>();
        services.AddSingleton<ClientDocuments>();
        services.AddSingleton<Registrations>();
        services.AddSingleton<ClientDirectory>();
        services.AddSingleton<ClientEnding>();
        services.AddSingleton<ClientAuthentication>();
        services.AddSingleton<CodeStore>();
        services.AddSingleton<AuthorizationRequests>();
        services.AddSingleton<Authorization>();
        services.AddSingleton<CodeExchange>();
        services.AddSingleton<Granting>();
        services.AddSingleton<TokenLookup>();
        services.AddSingleton<DeviceStore>();
        services.AddSingleton<Devices>();
        // Programs in browsers fetch their tokens from pages of their own. No cookie is looked at there, and none is sent.
        services.AddCors(options =>
            options.AddPolicy(
                OAuthRoutes.AnyOrigin,
                policy => policy.AllowAnyOrigin().AllowAnyHeader().AllowAnyMethod()
            )
        );
    }

    private static void AddFederation(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(OperatorIssuers.Read(configuration));
        services.AddSingleton<IssuerHttp>();
        services.AddSingleton<IssuerDirectory>();
        services.AddSingleton<IssuerStore>();
        services.AddSingleton<IssuerRegistry>();
        services.AddSingleton<IdentityStore>();
        services.AddSingleton<ForeignTokens>();
        services.AddSingleton<VisitCookie>();
        services.AddSingleton<CodeVisit>();
        services.AddSingleton<FederatedSignIn>();
        services.AddSingleton<ProvenLink>();
        services.AddSingleton<ExternalTokens>();
        services.AddSingleton<ScimUsers>();
        services.AddSingleton<ScimGroups>();
        services.AddSingleton<IMemberRemoved, ForgottenUser>();
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

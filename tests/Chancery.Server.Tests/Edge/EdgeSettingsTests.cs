using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace Chancery.Server.Tests.Edge;

public sealed class EdgeSettingsTests
{
    [Fact]
    public void Every_origin_may_call_in_development_unless_some_are_named()
    {
        Assert.True(Read("Development").AllowsAnyOrigin);
        Assert.Equal(["https://a.example"], Read("Development", ("ALLOW_ORIGINS", "https://a.example/")).Origins);
    }

    [Theory]
    [InlineData("Local")]
    [InlineData("Production")]
    public void Elsewhere_no_other_origin_may_call_unless_named(string environment)
    {
        Assert.Empty(Read(environment).Origins);
    }

    [Theory]
    [InlineData("Production", "*")]
    [InlineData("Development", "*, https://a.example")]
    [InlineData("Production", "a.example")]
    [InlineData("Production", "https://a.example/path")]
    public void Other_values_stop_the_start(string environment, string origins)
    {
        var thrown = Assert.Throws<SettingException>(() => Read(environment, ("ALLOW_ORIGINS", origins)));

        Assert.Equal("ALLOW_ORIGINS", thrown.Name);
    }

    [Fact]
    public void Stopping_may_take_fifteen_seconds_unless_the_setting_says_otherwise()
    {
        Assert.Equal(TimeSpan.FromSeconds(15), Read("Local").ShutdownGrace);
        Assert.Equal(TimeSpan.FromSeconds(2.5), Read("Local", ("SHUTDOWN_GRACE", "2.5")).ShutdownGrace);
        Assert.Throws<SettingException>(() => Read("Local", ("SHUTDOWN_GRACE", "soon")));
    }

    private static EdgeSettings Read(string environment, params (string Name, string Value)[] settings) =>
        EdgeSettings.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(settings.ToDictionary(pair => pair.Name, pair => (string?)pair.Value))
                .Build(),
            new Environment(environment)
        );

    private sealed class Environment(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;
        public string ApplicationName { get; set; } = "chancery";
        public string ContentRootPath { get; set; } = "/";
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}

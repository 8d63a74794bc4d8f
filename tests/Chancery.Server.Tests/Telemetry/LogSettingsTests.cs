using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Telemetry;
using Microsoft.Extensions.Configuration;
using Serilog.Events;

namespace Chancery.Server.Tests.Telemetry;

public sealed class LogSettingsTests
{
    [Fact]
    public void Unset_means_information_to_files_and_a_person_gets_text_where_a_pipe_gets_json()
    {
        Assert.Equal(new LogSettings(LogEventLevel.Information, false, true, 30), Read(isTerminal: true));
        Assert.Equal(new LogSettings(LogEventLevel.Information, true, true, 30), Read(isTerminal: false));
    }

    [Fact]
    public void What_is_set_wins_over_the_terminal()
    {
        var read = Read(isTerminal: true, ("LOG_LEVEL", "debug"), ("LOG_JSON", "true"), ("LOG_TO_FILE", "0"));

        Assert.Equal(new LogSettings(LogEventLevel.Debug, true, false, 30), read);
    }

    [Theory]
    [InlineData("LOG_LEVEL", "loud")]
    [InlineData("LOG_JSON", "maybe")]
    [InlineData("LOG_TO_FILE", "2")]
    [InlineData("LOG_KEEP_DAYS", "0")]
    public void A_value_that_is_not_taken_stops_the_start_and_names_the_setting(string name, string value)
    {
        var thrown = Assert.Throws<SettingException>(() => Read(isTerminal: true, (name, value)));

        Assert.Equal(name, thrown.Name);
    }

    private static LogSettings Read(bool isTerminal, params (string Name, string Value)[] settings) =>
        LogSettings.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(settings.ToDictionary(pair => pair.Name, pair => (string?)pair.Value))
                .Build(),
            isTerminal
        );
}

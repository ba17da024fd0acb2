"""Our plugins in the place of Apprise's own, under the same URL schemes."""

from apprise.plugins import N_MGR

from tasks.channel_plugins.bounded import BoundedChannel
from tasks.channel_plugins.dingtalk import DingTalkChannel
from tasks.channel_plugins.feishu import FeishuChannel, LarkChannel
from tasks.channel_plugins.gateway import GatewayChannel
from tasks.channel_plugins.json_post import JsonChannel
from tasks.channel_plugins.mail import MailChannel
from tasks.channel_plugins.wecom import WeComChannel

PLUGINS: tuple[type[BoundedChannel], ...] = (
    DingTalkChannel,
    WeComChannel,
    FeishuChannel,
    LarkChannel,
    GatewayChannel,
    MailChannel,
    JsonChannel,
)


def register_plugins() -> None:
    """Put each plugin over the one Apprise has for its schemes."""
    for plugin in PLUGINS:
        N_MGR.add(plugin, force=True)
